"""On which resources an action needs a right, and which further rights it needs: by AWS's own tables.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

What servers and tasks call is here in full. Of any other action the resource is not known (None).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.autoscaling.models import autoscaling_backends
from moto.kms.models import kms_backends
from moto.s3.models import FakeKey, s3_backends

PREFIXES = {"monitoring": "cloudwatch"}
"""How a service is called in policies, where that is not how requests are signed for it."""
_S3_ACTIONS = {"HeadBucket": "ListBucket", "ListMultipartUploads": "ListBucketMultipartUploads"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """A right that a call needs."""

    action: str
    """With its service, as in a policy: `s3:GetObject`."""
    resource: str | None
    """An ARN, or `*` for an action that has none; None where it is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestedAction:
    """An action about to be done. `service` is what the request is signed for."""

    service: str
    action: str
    response: Any
    """moto's, which has the parameters."""
    resource: str
    """An ARN where moto knows it: of S3's buckets and objects."""

    @property
    def name(self) -> str:
        """As policies have it."""
        return f"{PREFIXES.get(self.service, self.service)}:{self.action}"

    def parameter(self, name: str) -> Any:
        """As the client gave it; None if it did not."""
        return self.response._get_param(name)

    def arn(self, resource: str) -> str:
        """Of a resource of this service, in the request's region and account."""
        of = self.response
        return f"arn:{of.partition}:{self.service}:{of.region}:{of.current_account}:{resource}"


def needs(call: RequestedAction) -> Iterator[Need]:
    """Every right the call needs."""
    needs_of_service = _KNOWN.get(call.service)
    yield from needs_of_service(call) if needs_of_service else [Need(action=call.name, resource=None)]


def of_secret(backend: Any, secret_id: str) -> Iterator[Need]:
    """What it takes to read a secret; of one that is not there the name is all that is known."""
    secret = backend.secrets.get(secret_id)
    place = f"arn:aws:secretsmanager:{backend.region_name}:{backend.account_id}:secret"
    yield Need(
        action="secretsmanager:GetSecretValue", resource=secret.arn if secret else f"{place}:{secret_id}"
    )
    if secret and (key := _key_arn(backend, getattr(secret, "kms_key_id", None))):
        yield Need(action="kms:Decrypt", resource=key)


def of_parameter(name: str, *, account: str, region: str) -> Iterator[Need]:
    """What ECS needs to read a parameter for a task."""
    arn = f"arn:aws:ssm:{region}:{account}:parameter/{name.lstrip('/')}"
    yield Need(action="ssm:GetParameters", resource=arn)


def of_log_stream(group: str, stream: str, *, account: str, region: str) -> Iterator[Need]:
    """What it takes to keep a log."""
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
    yield from (Need(action=f"logs:{action}", resource=arn) for action in ("CreateLogStream", "PutLogEvents"))


def _s3(call: RequestedAction) -> Iterator[Need]:
    resource = unquote(call.resource)
    yield Need(action=f"s3:{_S3_ACTIONS.get(call.action, call.action)}", resource=resource)
    bucket_name, _, key_name = resource.rpartition(":::")[2].partition("/")
    backend = s3_backends[call.response.current_account][call.response.partition]
    if source := call.response.headers.get("x-amz-copy-source"):
        path = unquote(source).partition("?")[0].lstrip("/")
        yield Need(action="s3:GetObject", resource=f"arn:{call.response.partition}:s3:::{path}")
    bucket = backend.buckets.get(bucket_name)
    held = bucket.keys.get(key_name) if bucket else None
    if call.action == "GetObject" and bucket and not isinstance(held, FakeKey):
        # Who may not list is not told what is not there: API_GetObject.html, "Permissions".
        yield Need(action="s3:ListBucket", resource=f"arn:{call.response.partition}:s3:::{bucket_name}")
    if call.action == "GetObject" and bucket and held and held.encryption == "aws:kms":
        key = _key_arn(backend, held.kms_key_id, region=bucket.region_name)
        if key:
            yield Need(action="kms:Decrypt", resource=key)


def _secretsmanager(call: RequestedAction) -> Iterator[Need]:
    secret_id = call.parameter("SecretId")
    if call.action == "GetSecretValue":
        yield from of_secret(call.response.backend, secret_id)
    elif secret_id:
        secret = call.response.backend.secrets.get(secret_id)
        resource = secret.arn if secret else call.arn(f"secret:{secret_id}")
        yield Need(action=call.name, resource=resource)
    else:
        yield Need(action=call.name, resource="*")  # lists, and BatchGetSecretValue, which asks for each one


def _kms(call: RequestedAction) -> Iterator[Need]:
    key = call.parameter("KeyId")
    yield Need(action=call.name, resource=_key_arn(call.response.kms_backend, key) if key else None)


def _logs(call: RequestedAction) -> Iterator[Need]:
    group, stream = call.parameter("logGroupName"), call.parameter("logStreamName")
    if not group:
        yield Need(action=call.name, resource=None)
    elif stream or "Stream" in call.action:
        yield Need(action=call.name, resource=call.arn(f"log-group:{group}:log-stream:{stream or ''}"))
    else:
        yield Need(action=call.name, resource=call.arn(f"log-group:{group}"))


def _autoscaling(call: RequestedAction) -> Iterator[Need]:
    name, instance = call.parameter("AutoScalingGroupName"), call.parameter("InstanceId")
    if call.action.startswith("Describe"):
        yield Need(action=call.name, resource="*")
        return
    backend = autoscaling_backends[call.response.current_account][call.response.region]
    for group in list(backend.autoscaling_groups.values()):
        if group.name == name or (
            name is None and instance in [state.instance.id for state in group.instance_states]
        ):
            yield Need(action=call.name, resource=group.arn)
            return
    yield Need(action=call.name, resource=call.arn(f"autoScalingGroup:*:autoScalingGroupName/{name or '*'}"))


def _ssm(call: RequestedAction) -> Iterator[Need]:
    if call.action == "SendCommand":
        yield Need(
            action=call.name,
            resource=f"arn:{call.response.partition}:ssm:{call.response.region}::document/"
            f"{call.parameter('DocumentName')}",
        )
        for instance in call.parameter("InstanceIds") or ["*"]:
            place = f"{call.response.region}:{call.response.current_account}"
            resource = f"arn:{call.response.partition}:ec2:{place}:instance/{instance}"
            yield Need(action=call.name, resource=resource)
        return
    names = call.parameter("Names") or [call.parameter("Name") or call.parameter("Path")]
    for name in names:
        known = name and "Parameter" in call.action
        yield Need(action=call.name, resource=call.arn(f"parameter/{name.lstrip('/')}") if known else None)


def _key_arn(backend: Any, key_id: str | None, region: str | None = None) -> str | None:
    """Of a customer's key; None for a service's own, which takes no right of the caller."""
    if not key_id or "alias/aws/" in key_id:
        return None
    if key_id.startswith("arn:"):
        return key_id
    region = region or backend.region_name
    keys = list(kms_backends[backend.account_id][region].keys.values())
    known = next((key for key in keys if key_id == key.id or key_id in key.aliases), None)
    return str(known.arn) if known else f"arn:aws:kms:{region}:{backend.account_id}:key/{key_id}"


_KNOWN: dict[str, Callable[[RequestedAction], Iterator[Need]]] = {
    "autoscaling": _autoscaling,
    "kms": _kms,
    "logs": _logs,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "ssm": _ssm,
}
