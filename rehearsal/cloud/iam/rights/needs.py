"""Every right that a call needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rehearsal.cloud.iam.rights import actions, dependent, reference, resources
from rehearsal.cloud.iam.rights.dependent import Dependent
from rehearsal.cloud.iam.rights.query import search
from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.judge.call import JudgedCall

_FREE = {("sts", "GetCallerIdentity")}
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: needs no right."""
_DEFAULT_OPTIONS = ("CreateDBInstance", "ModifyDBInstance", "RestoreDBInstanceFromDBSnapshot")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples.html: who may
make a database has the right on its option group too, RDS's default one where the call names none."""
_LAUNCHED = ("ec2:volume", "ec2:launch-template")
"""What a server is launched with beside what every launch has."""
_TAGGED = ("ec2:instance", "ec2:volume")
"""What a launch template tags."""
_MADE: Mapping[str, Sequence[str]] = {
    "CreateDBInstance": ("rds:db",),
    "RestoreDBInstanceFromDBSnapshot": ("rds:db",),
    "CreateReplicationGroup": ("elasticache:replicationgroup", "elasticache:cluster"),
}
"""What calls make that name others of the same service too."""
_CRYPTOGRAPHIC = ("Decrypt", "Encrypt")
"""What is done with a key that somebody else made: Pulumi's, for the secrets of a stack."""
_CONDITIONS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("iam", "AttachRolePolicy"): {"iam:PolicyARN": "PolicyArn"},
    ("iam", "DetachRolePolicy"): {"iam:PolicyARN": "PolicyArn"},
    ("iam", "CreateServiceLinkedRole"): {"iam:AWSServiceName": "AWSServiceName"},
}
"""Condition keys of requests that limit what a right is good for, and the members that have their values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """An action on a resource, under conditions."""

    action: str
    resource: str | None
    """An ARN, which may have wildcards; None where it is not known."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Values of condition keys."""


def needs(call: JudgedCall, place: Place, aliases: Sequence[str] = ()) -> Iterator[Right]:
    """The rights of a call; `aliases` are those of the KMS key that it uses. Raises UnknownActionError."""
    if (call.service, call.operation) in _FREE:
        return
    conditions = _CONDITIONS.get((call.service, call.operation), {})
    context = {key: str(call.members.get(member)) for key, member in conditions.items()}
    if aliases and call.operation in _CRYPTOGRAPHIC:
        context["kms:ResourceAliases"] = aliases[0]
    for name in actions.of(call):
        for arn in _arns(name, call, place):
            yield Right(action=name, resource=arn, context=context)
    for row in dependent.BY_OPERATION.get((call.service, call.operation), ()):
        if search(row.when, call.members):
            yield from _dependent(row, call, place)
    yield from _tags_of_ec2(call, place)


def _arns(name: str, call: JudgedCall, place: Place) -> Iterator[str]:
    if call.operation == "CreateServiceLinkedRole":
        service = call.members.get("AWSServiceName")
        yield f"arn:{place.partition}:iam::{place.account}:role/aws-service-role/{service}/*"
        return
    arns = resources.of(name, _known(name), call.members, place)
    if call.service == "rds" and call.operation in _DEFAULT_OPTIONS:
        groups = f"arn:{place.partition}:rds:{place.region}:{place.account}:og:"
        arns = [*(arn for arn in arns if arn != f"{groups}*"), f"{groups}default:*"]
    yield from arns


def _dependent(row: Dependent, call: JudgedCall, place: Place) -> Iterator[Right]:
    context = {key: value.format(Region=place.region) for key, value in row.context.items()}
    right = Right(action=row.action, resource=None, context=context)
    if row.on:
        for name in search(row.on, call.members):
            yield replace(right, resource=_named(row.action, str(name), place))
    elif row in dependent.LAUNCHES and row.action != "iam:PassRole":
        more = _TAGGED if row.action == "ec2:CreateTags" else _LAUNCHED
        for kind in _known(row.action).types:
            if kind.required or kind.name in more:
                yield replace(right, resource=resources.any_of(kind, place))
    elif row in dependent.TAGS:
        for arn in _made(row.action, call, place):
            yield replace(right, resource=arn)
    elif row in dependent.KEYS:
        (kind,) = _known(row.action).types
        yield replace(right, resource=resources.any_of(kind, place))
    else:
        yield right


def _made(tagging: str, call: JudgedCall, place: Place) -> Iterator[str]:
    """What a call makes that can be tagged, as far as its name says."""
    kinds = {kind.name: kind for kind in _known(tagging).types}
    if call.operation == "CreateListener":
        balancer = str(call.members.get("LoadBalancerArn"))
        yield f"{balancer.replace(':loadbalancer/', ':listener/')}/*"
        return
    for name in actions.of(call):
        action = _known(name)
        made = _MADE.get(call.operation, kinds)
        own = [kind for kind in action.types if kind.name in kinds and kind.name in made]
        if own:
            yield from resources.of(name, replace(action, types=own), call.members, place)
        else:
            yield from (resources.any_of(kind, place) for kind in kinds.values() if kind.required)


def _named(action: str, name: str, place: Place) -> str:
    if name.startswith("arn:"):
        return name
    (kind,) = _known(action).types
    (member,) = resources.NAMED[kind.name].values()
    (arn,) = resources.of(action, _known(action), {member.split()[0]: name}, place)
    return arn


def _tags_of_ec2(call: JudgedCall, place: Place) -> Iterator[Right]:
    if call.service != "ec2" or call.operation == "CreateLaunchTemplateVersion":
        return
    kinds = {kind.name: kind for kind in _known("ec2:CreateTags").types}
    for specification in search(dependent.TAG_SPECIFICATIONS, call.members):
        if (kind := kinds.get(f"ec2:{specification.get('ResourceType')}")) and specification.get("Tags"):
            yield Right(
                action="ec2:CreateTags",
                resource=resources.any_of(kind, place),
                context={"ec2:CreateAction": call.operation},
            )


def _known(name: str) -> reference.Action:
    action = reference.find(name)
    if action is None:
        raise actions.UnknownActionError(f"the Service Authorization Reference has no {name}")
    return action
