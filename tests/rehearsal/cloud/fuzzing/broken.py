"""A cloud in which something is broken, as the twin of one that isn't: operations and a step that raise."""

import sys
from typing import Any

from rehearsal.cloud import elbv2, warm_pool_api
from rehearsal.cloud.__main__ import main
from rehearsal.cloud.mending import mend


def fail(*_: Any, **__: Any) -> Any:
    raise KeyError("broken on purpose")


vars(warm_pool_api)["find_group"] = fail
mend(elbv2.LoadBalancers, reconcile=fail)
sys.exit(main())
