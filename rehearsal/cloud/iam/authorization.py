"""What the roles of servers and tasks may do: asked of their policies before moto does it.

moto's own seam is used: every action of a service passes `_authenticate_and_authorize_action` first, with its
name and parameters as moto reads them. users.py asks what users may do; who has the rehearsal's own key may
do everything.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.iam.models import iam_backends
from moto.secretsmanager.models import SecretsManagerBackend
from moto.sts.models import AssumedRole
from werkzeug.exceptions import Forbidden

from rehearsal.cloud.iam import holder, policies, resources
from rehearsal.cloud.iam.resources import Need, RequestedAction
from rehearsal.cloud.moto_patch import patch
from rehearsal.cloud.refusals import Reason, RefusedError

JUDGED = (
    *("acm", "autoscaling", "ec2", "ecs", "elasticache", "elasticloadbalancing", "iam", "kms", "logs"),
    *("monitoring", "rds", "s3", "secretsmanager", "sns", "ssm", "sts"),
)
"""The services, as requests are signed for them, whose actions pass moto's seam. Others: role_calls.py."""
_BESIDE_AWS = ("/moto-api", "/latest", "/favicon.ico")
_UNCONDITIONAL = ("sts", "GetCallerIdentity")
_get_secret_values: Any = SecretsManagerBackend.batch_get_secret_value


@dataclass(slots=True)
class _Caller:
    session: AssumedRole
    service: str
    is_right: bool
    refused: RefusedError | None = None


_caller: ContextVar[_Caller | None] = ContextVar("caller", default=None)


def patch_moto() -> None:
    """Ask before each action; once a process."""
    patch(ActionAuthenticatorMixin, _authenticate_and_authorize_action=_authorize)
    patch(SecretsManagerBackend, batch_get_secret_value=_get_permitted_secret_values)


@contextmanager
def acting(
    session: AssumedRole, service: str, environ: Mapping[str, Any], *, is_right: bool
) -> Iterator[None]:
    """What this thread lets moto do meanwhile, a role does. Raises RefusedError for what it may not do.

    moto does nothing of a call that the judge found not to be right: AWS looks at the role's rights first.
    """
    if is_ambiguous(environ):
        raise holder.unjudged(session.arn)
    caller = _Caller(session=session, service=service, is_right=is_right)
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)
        if caller.refused:
            raise caller.refused


def is_ambiguous(environ: Mapping[str, str]) -> bool:
    """Whether moto may take a request for another one than it looks like.

    It goes by the path for some pages of its own, and reads parameters in the URL before those in JSON.
    """
    beside = environ["PATH_INFO"].startswith(_BESIDE_AWS)
    return beside or bool("HTTP_X_AMZ_TARGET" in environ and environ["QUERY_STRING"])


def _is_allowed(session: AssumedRole, need: Need) -> bool:
    context = holder.context(session.role_arn, account=session.account_id, region=session.region_name)
    granted = policies.allows(_documents(session), need.action, need.resource, context)
    within = not session.policy or policies.allows([session.policy], need.action, need.resource, context)
    return granted and within


def _documents(session: AssumedRole) -> Iterator[str]:
    """The role's inline policies and the managed ones attached to it; none of a role that is not there."""
    roles = iam_backends[session.account_id][session.partition].roles.values()
    for role in list(roles):
        if role.arn == session.role_arn:
            yield from holder.documents(role)


def _authorize(response: Any, _kind: type, resource: str = "*") -> None:
    caller = _caller.get()
    if caller is None:
        return
    action = response._get_action()
    name = str(action[0] if isinstance(action, list) else action)
    if (caller.service, name) == _UNCONDITIONAL:
        return
    call = RequestedAction(service=caller.service, action=name, response=response, resource=resource)
    if refusal := refusal_of(caller.session, resources.needs(call)):
        caller.refused = RefusedError(Reason.NOT_GRANTED, refusal)
        raise Forbidden(refusal)
    if not caller.is_right:
        raise Forbidden


def refusal_of(session: AssumedRole, needs: Iterable[Need]) -> str | None:
    """What the role lacks first of what is needed, in AWS's words; None when it has all."""
    lacking = (need for need in needs if not _is_allowed(session, need))
    return next((holder.refusal(session.arn, need.action, need.resource) for need in lacking), None)


def _get_permitted_secret_values(backend: Any, **arguments: Any) -> Any:
    """A secret that the role may not read is an error among the others, as on AWS."""
    found, errors, token = _get_secret_values(backend, **arguments)
    caller = _caller.get()
    if caller is None:
        return found, errors, token
    permitted, denied = [], []
    for value in found:
        if refusal := refusal_of(caller.session, resources.of_secret(backend, value["ARN"])):
            code = "AccessDeniedException"
            denied.append({"SecretId": value["ARN"], "ErrorCode": code, "Message": refusal})
        else:
            permitted.append(value)
    return permitted, [*errors, *denied], token
