"""How a call is refused for what stands, or does not stand, in the cloud."""

from collections.abc import Callable
from typing import Any

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal

Check = Callable[[JudgedCall], Refusal | None]
"""Why AWS refuses the call; None where nothing stands against it, or moto finds it itself."""
_GLOBAL = ("iam", "route53", "s3")


def standing(service: Any, call: JudgedCall) -> Any:
    """What stands in the call's region, as moto records it; `service` is by moto's name."""
    region = "aws" if service in _GLOBAL else call.region
    return get_backend(service)[DEFAULT_ACCOUNT_ID][region]


def subnets(call: JudgedCall) -> dict[str, Any]:
    """Every subnet, by id."""
    by_zone = list(standing("ec2", call).subnets.values())
    return {id_: subnet for zone in by_zone for id_, subnet in list(zone.items())}


def security_groups(call: JudgedCall) -> dict[str, Any]:
    """Every security group, by id."""
    by_vpc = list(standing("ec2", call).groups.values())
    return {id_: group for vpc in by_vpc for id_, group in list(vpc.items())}


def instances(call: JudgedCall) -> list[Any]:
    """Every instance, those that have ended too."""
    reservations = list(standing("ec2", call).reservations.values())
    return [instance for reservation in reservations for instance in reservation.instances]
