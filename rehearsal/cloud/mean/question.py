"""A request to the cloud: what of it may be repeated, and other members put into it."""

import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.answer import XML

_REPEATABLE = re.compile(
    r"(Describe|Get|List|BatchGet|Head|Put|Modify|Update|Set|Delete|Tag|Untag|Enable|Disable|Stop|Complete|Record"
    r"|Cancel|Rollback)[A-Z].*|CreateTags|CreateOrUpdateTags|StartInstanceRefresh|CreateLogStream|ChangeTags.*"
    r"|ChangeResourceRecordSets|TerminateInstanceInAutoScalingGroup"
)


def token_members(call: JudgedCall) -> list[str]:
    """The call's idempotency tokens: AWS does a thing once for each."""
    return list(call.model.idempotent_members)


def repeatable(call: JudgedCall) -> bool:
    """Whether a client may send the call again without knowing whether it was carried out.

    Others, such as CreateVpc, would make a second one, on AWS too: no client can do better there.
    """
    has_token = any(call.members.get(name) for name in token_members(call))
    return has_token or _REPEATABLE.fullmatch(call.operation) is not None


def ask(environ: dict[str, Any], call: JudgedCall, wanted: Mapping[str, Any], unwanted: set[str]) -> None:
    """Puts members of the call into its request, and others out of it."""
    body = environ["wsgi.input"].read()
    if "HTTP_X_AMZ_TARGET" in environ:
        members = {name: value for name, value in json.loads(body or b"{}").items() if name not in unwanted}
        body = json.dumps({**members, **wanted}).encode()
    elif call.model.service_model.protocol in XML:
        pairs = [pair for pair in parse_qsl(body.decode(), keep_blank_values=True) if pair[0] not in unwanted]
        body = urlencode([*pairs, *wanted.items()]).encode()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
