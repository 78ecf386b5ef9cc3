"""How many of a thing one request may ask for.

An account's quotas say so on AWS, thing by thing; a request for billions would fill this machine's memory
before anything could count them.
"""

import re
from collections.abc import Iterator
from typing import Any

from rehearsal.cloud.judge import wording
from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.judge.violation import ViolationKind

MOST = 1000
_SERVICES = ("autoscaling", "ec2", "ecs", "elasticache", "elbv2", "rds")
_HOW_MANY = re.compile(r"(Num|Replicas).*|.*([cC]ount|Quantity|Capacity)|(Min|Max)Size")


def refusal(call: JudgedCall) -> Refusal | None:
    """Whether a request asks for more than anybody has."""
    if call.service not in _SERVICES:
        return None
    for name, number in _numbers(call.members):
        if number > MOST:
            return Refusal(
                code=wording.CODES[call.service].of(ViolationKind.VALUE),
                message=f"{name} is {number}, which is more than your quota, {MOST}, allows.",
            )
    return None


def _numbers(members: Any) -> Iterator[tuple[str, int]]:
    match members:
        case dict():
            for name, value in members.items():
                if isinstance(value, int) and _HOW_MANY.fullmatch(str(name)):
                    yield str(name), value
                yield from _numbers(value)
        case list():
            for value in members:
                yield from _numbers(value)
