"""A cloud in which something is broken, as the twin of one that isn't: operations and a step that raise."""

import sys
from typing import Any

from rehearsal.cloud.__main__ import main
from rehearsal.cloud.autoscaling import warm_pool_patches
from rehearsal.cloud.elbv2 import body
from rehearsal.cloud.moto_patch import patch


def fail(*_: Any, **__: Any) -> Any:
    raise KeyError("broken on purpose")


vars(warm_pool_patches)["find_group"] = fail
patch(body.LoadBalancers, reconcile=fail)
sys.exit(main())
