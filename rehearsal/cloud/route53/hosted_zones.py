"""Ids of hosted zones as Route 53 gives them, which moto does not."""

import secrets
import string
from typing import Any

from moto.route53.models import HostedZoneIdentifier

from rehearsal.cloud.moto_patch import patch

_CHARACTERS = string.ascii_uppercase + string.digits


def patch_moto() -> None:
    """Let each id begin with Z; once a process."""
    patch(HostedZoneIdentifier, generate=_generate)


def _generate(*_: Any, **__: Any) -> str:
    return "Z" + "".join(secrets.choice(_CHARACTERS) for _ in range(20))
