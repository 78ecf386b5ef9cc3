"""The judge at the cloud's front: AWS's answer to a request that AWS would refuse."""

import logging
from typing import Any

from werkzeug.wrappers import Response

from rehearsal.cloud import references, refusals
from rehearsal.cloud.guard import dialect_of
from rehearsal.cloud.iam.identities import Identity
from rehearsal.cloud.judge import requests, wording
from rehearsal.cloud.judge.judge import Refusal, refusal

log = logging.getLogger("rehearsal.cloud.judge")


def refused(environ: dict[str, Any], identity: Identity) -> Response | None:
    """The answer to a request that breaks a constraint; None for one that goes on to moto."""
    try:
        found = _judge(environ, identity)
    except Exception:
        log.exception("the judge failed; the request goes on unjudged")
        return None
    if found is None:
        return None
    return refusals.answer(dialect_of(environ, identity.service), 400, found.code, found.message)


def _judge(environ: dict[str, Any], identity: Identity) -> Refusal | None:
    try:
        call = requests.read(environ, identity.service, identity.region)
    except requests.UnreadableError as error:
        service = requests.SERVICES[identity.service]
        return Refusal(code=wording.unreadable(service), message=str(error))
    return None if call is None else refusal(call) or references.refusal(call)
