"""What is wrong with a call, and how AWS would say so."""

from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.cloud.judge import documented, grammar, models, schemas, wording
from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.violation import Violation


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """AWS's answer to a call that breaks a constraint."""

    code: str
    message: str


def violations(call: JudgedCall) -> Iterator[Violation]:
    """All that is wrong with a call, what AWS looks at first before the rest."""
    yield from models.violations(call)
    yield from grammar.violations(call)
    yield from documented.violations(call)
    yield from schemas.violations(call)


def refusal(call: JudgedCall) -> Refusal | None:
    """How AWS refuses the call; None for one that is right as far as anybody can tell."""
    for violation in violations(call):
        code = wording.code_of(call, violation)
        return Refusal(code=code, message=wording.message_of(call.service, violation))
    return None
