"""The least policy of a deployer, of the rights that a stack's life takes. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rehearsal.cloud.iam.rights import reference, resources
from rehearsal.deployer.right import General

PARTS: Mapping[str, tuple[str, ...]] = {
    "network": ("ec2",),
    "roles": ("iam",),
    "servers": ("autoscaling", "ecs", "elasticloadbalancing"),
    "stores": ("elasticache", "kms", "rds"),
    "objects": ("s3", "secretsmanager", "ssm"),
    "operations": ("acm", "cloudwatch", "logs", "route53", "servicequotas", "sns"),
}
"""The policies, and the services in each: AWS limits the size of a managed policy."""
OWN = (("aws:ResourceTag/Project", "${Project}"), ("aws:ResourceTag/Stack", "${Stack}"))
"""The tags of all that a stack makes: of what has a random id they say whose it is."""
_DELETES = re.compile(r"ec2:(Delete|Release)[A-Z]\w+|kms:ScheduleKeyDeletion")
"""Of a key the tags may count a few minutes late: https://docs.aws.amazon.com/kms/latest/developerguide/abac.html"""
_RANDOM = re.compile(r"arn:[^:]+:(ec2|kms):.+/\*")
_OPERATORS = {
    "iam:PolicyARN": "ArnEquals",
    "kms:GrantIsForAWSResource": "Bool",
    "kms:ResourceAliases": "ForAnyValue:StringEquals",
}
"""The operators of condition keys that are not compared by StringEquals."""


def documents(rights: Iterable[General]) -> dict[str, dict[str, Any]]:
    """The policies by the last part of their names."""
    listed = sorted({limited(right) for right in rights})
    return {
        part: {
            "Version": "2012-10-17",
            "Statement": [
                statement
                for service in services
                for statement in _statements([one for one in listed if one.action.startswith(f"{service}:")])
            ],
        }
        for part, services in PARTS.items()
    }


def limited(right: General) -> General:
    """What deletes by a random id deletes what is the stack's."""
    if right.context or not _DELETES.fullmatch(right.action) or not _RANDOM.fullmatch(right.resource):
        return right
    return General(action=right.action, resource=right.resource, context=OWN)


def _statements(rights: Iterable[General]) -> Iterator[dict[str, Any]]:
    """As few as say the same.

    Actions go together that have the same conditions, and of whose kinds of resources the statement has no
    more than they have. An action on a resource of another kind is no right.
    """
    groups: dict[tuple[str, ...], list[General]] = defaultdict(list)
    for right in rights:
        groups[tuple(key for key, _ in right.context)].append(right)
    for _, group in sorted(groups.items()):
        for together in _apart(group):
            yield {
                "Effect": "Allow",
                "Action": _one_or_all(right.action for right in together),
                "Resource": _one_or_all(right.resource for right in together),
                **_condition(together),
            }


def _apart(group: Iterable[General]) -> Iterator[list[General]]:
    own: dict[str, set[str]] = defaultdict(set)
    for right in group:
        own[right.action].add(right.resource)
    everything = {arn for arns in own.values() for arn in arns}
    sets: dict[tuple[str, ...], list[General]] = defaultdict(list)
    for right in group:
        arns = own[right.action]
        is_exact = "*" not in arns and _of_its_kinds(right.action, everything) <= arns
        sets[() if is_exact else tuple(sorted(arns))].append(right)
    yield from (listed for _, listed in sorted(sets.items()))


def _of_its_kinds(action: str, arns: Iterable[str]) -> set[str]:
    known = reference.find(action)
    kinds = known.types if known else []
    return {arn for arn in arns if any(resources.is_of(kind, arn) for kind in kinds)}


def _condition(group: Iterable[General]) -> dict[str, Any]:
    values: dict[str, set[str]] = defaultdict(set)
    for right in group:
        for key, value in right.context:
            values[key].add(value)
    operators: dict[str, dict[str, Any]] = defaultdict(dict)
    for key, listed in values.items():
        operators[_OPERATORS.get(key, "StringEquals")][key] = _one_or_all(listed)
    return {"Condition": operators} if operators else {}


def _one_or_all(values: Iterable[str]) -> str | list[str]:
    listed = sorted(set(values))
    return listed[0] if len(listed) == 1 else listed
