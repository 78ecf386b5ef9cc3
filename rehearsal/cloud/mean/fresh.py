"""Resources that were made just now, which AWS may not know everywhere yet.

What makes one, where its id is in the answer, and how a call that names it too early is refused. Sources:
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency,
https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (the codes).
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.mood import Mood
from rehearsal.texts import texts

HIDDEN = (0.5, 6.0)
"""Seconds that a fresh resource is not found, or not listed: AWS names none but IAM's."""
IAM_SPREADS = (1.0, 10.0)
"""Seconds until another service knows a role."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FreshKind:
    """A kind of resource whose creation is not known everywhere at once."""

    path: str
    """Where the creation's answer has the id, such as `Vpc.VpcId` or `tasks.0.taskArn`."""
    code: str
    message: str
    member: str
    """The member that has the id in the items of a list."""


def _ec2(path: str, code: str, what: str) -> FreshKind:
    message = f"The {what} ID '{{id}}' does not exist"
    return FreshKind(path=path, code=code, message=message, member=path.rpartition(".")[2])


KINDS: Mapping[tuple[str, str], FreshKind] = {
    ("ec2", "CreateVpc"): _ec2("Vpc.VpcId", "InvalidVpcID.NotFound", "vpc"),
    ("ec2", "CreateSubnet"): _ec2("Subnet.SubnetId", "InvalidSubnetID.NotFound", "subnet"),
    ("ec2", "CreateInternetGateway"): _ec2(
        "InternetGateway.InternetGatewayId", "InvalidInternetGatewayID.NotFound", "internetGateway"
    ),
    ("ec2", "CreateRouteTable"): _ec2(
        "RouteTable.RouteTableId", "InvalidRouteTableID.NotFound", "routeTable"
    ),
    ("ec2", "CreateSecurityGroup"): _ec2("GroupId", "InvalidGroup.NotFound", "security group"),
    ("ec2", "AllocateAddress"): _ec2("AllocationId", "InvalidAllocationID.NotFound", "allocation"),
    ("ec2", "CreateNatGateway"): _ec2("NatGateway.NatGatewayId", "NatGatewayNotFound", "NAT gateway"),
    ("ec2", "CreateVpcEndpoint"): _ec2(
        "VpcEndpoint.VpcEndpointId", "InvalidVpcEndpointId.NotFound", "Vpc Endpoint"
    ),
    ("ec2", "CreateLaunchTemplate"): _ec2(
        "LaunchTemplate.LaunchTemplateId", "InvalidLaunchTemplateId.NotFound", "launch template"
    ),
    ("iam", "CreateRole"): FreshKind(
        path="Role.RoleName",
        code="NoSuchEntity",
        message="The role with name {id} cannot be found.",
        member="RoleName",
    ),
    ("iam", "CreateInstanceProfile"): FreshKind(
        path="InstanceProfile.InstanceProfileName",
        code="NoSuchEntity",
        message="Instance Profile {id} cannot be found.",
        member="InstanceProfileName",
    ),
    ("kms", "CreateKey"): FreshKind(
        path="KeyMetadata.KeyId",
        code="NotFoundException",
        message="Key '{id}' does not exist",
        member="KeyId",
    ),
    ("ecs", "RunTask"): FreshKind(path="tasks.0.taskArn", code="", message="", member="taskArn"),
}
"""By service and operation. ECS refuses no call: DescribeTasks tells of a `MISSING` failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A resource, and until when it is hidden."""

    kind: FreshKind
    id: str
    found_from: float
    listed_from: float


class Fresh:
    """Remembers what was made, for as long as it matters. Any thread may ask."""

    def __init__(self, mood: Mood, clock: Callable[[], float] = time.monotonic) -> None:
        self._mood = mood
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Made] = {}
        self._roles: dict[str, float] = {}

    def note(self, call: JudgedCall, answer: Mapping[str, Any], number: int) -> None:
        """Looks whether the call made something."""
        kind = KINDS.get((call.service, call.operation))
        made = _at(kind.path, answer) if kind else None
        if kind is None or not made:
            return
        now, key = self._clock(), (call.operation, number)
        with self._lock:
            self._made[call.service, made] = Made(
                kind=kind,
                id=made,
                found_from=now + self._seconds(Freedom.NOT_FOUND_YET, HIDDEN, key),
                listed_from=now + self._seconds(Freedom.NOT_LISTED_YET, HIDDEN, key),
            )
            if call.service == "iam":
                late = self._seconds(Freedom.ROLE_NOT_KNOWN_YET, IAM_SPREADS, key)
                self._roles[made] = now + late

    def unknown(self, call: JudgedCall) -> Made | None:
        """A fresh resource that the call names and AWS does not know yet."""
        names, now = set(texts(call.members)), self._clock()
        with self._lock:
            for (service, name), made in self._made.items():
                if service == call.service and now < made.found_from and names & {name}:
                    return made
        return None

    def role_unknown(self, names: set[str]) -> bool:
        """Whether one of these is, or ends with, the name of a role that other services do not know yet."""
        now = self._clock()
        with self._lock:
            fresh = [name for name, known_from in self._roles.items() if now < known_from]
        return any(text == name or text.endswith(f"/{name}") for text in names for name in fresh)

    def hide(self, call: JudgedCall, answer: dict[str, Any]) -> bool:
        """Takes what is not listed yet out of the answer's lists; whether there was such."""
        now = self._clock()
        with self._lock:
            late = {
                (made.kind.member, made.id)
                for (service, _), made in self._made.items()
                if service == call.service and now < made.listed_from
            }
        hidden = False
        for name, value in answer.items():
            if isinstance(value, list):
                kept = [item for item in value if not (isinstance(item, dict) and late & set(_scalars(item)))]
                hidden = hidden or len(kept) < len(value)
                answer[name] = kept
        return hidden

    def _seconds(self, freedom: Freedom, limits: tuple[float, float], key: tuple[str, int]) -> float:
        return self._mood.between(*limits, freedom, *key) if self._mood.takes(freedom, *key) else 0.0


def _at(path: str, answer: Any) -> str | None:
    """The value at a dotted path of an answer; None where the answer has no such member."""
    for step in path.split("."):
        try:
            answer = answer[int(step) if step.isdigit() else step]
        except (LookupError, TypeError):
            return None
    return str(answer)


def _scalars(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in item.items() if isinstance(value, str))
