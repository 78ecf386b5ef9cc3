"""References to what is not there, and deletions of what is in use, where moto is more lenient than AWS."""

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.references import quotas
from rehearsal.cloud.references.balancing import BALANCING
from rehearsal.cloud.references.network import NETWORK
from rehearsal.cloud.references.others import OTHERS
from rehearsal.cloud.references.stores import STORES

_CHECKS = {**NETWORK, **BALANCING, **STORES, **OTHERS}


def refusal(call: JudgedCall) -> Refusal | None:
    """How AWS refuses a call for what stands in the cloud; None where nothing stands against it."""
    check = _CHECKS.get((call.service, call.operation))
    return quotas.refusal(call) or (check(call) if check else None)
