"""An HTTP request to the API, read as a call by botocore's model of its service.

moto's parsers know the Query, EC2 and REST protocols, botocore's know CBOR; a JSON body is the call as it is.
"""

import json
from io import BufferedReader, BytesIO
from typing import Any

from botocore.parsers import RpcV2CBORParser
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from rehearsal.cloud.judge.call import JudgedCall, service_model

SERVICES = {
    **{name: name for name in ("acm", "autoscaling", "ec2", "ecs", "elasticache", "iam", "kms", "logs")},
    **{name: name for name in ("rds", "route53", "s3", "secretsmanager", "sns", "ssm", "sts")},
    # Of resources beside the kit's.
    **{name: name for name in ("dynamodb", "events", "sqs")},
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
}
"""boto3's name of a service by the name that its requests are signed for."""

S3_CONTROL = "/v20180820/"
"""How the paths of its requests begin, which are signed for s3."""

_READ = "rehearsal.call"
"""Where a request's environment has its call, or why it can't be read."""


class UnreadableError(Exception):
    """The request has a number or a time that is none, or a body that is no JSON."""


def read(environ: dict[str, Any], signed_for: str, region: str) -> JudgedCall | None:
    """The call that a request makes; None for a service or an operation that botocore does not know.

    It is read once, however often that is asked. Raises UnreadableError.
    """
    if _READ not in environ:
        try:
            environ[_READ] = _read(environ, signed_for, region)
        except UnreadableError as error:
            environ[_READ] = error
    if isinstance(environ[_READ], UnreadableError):
        raise environ[_READ]
    return already_read(environ)


def already_read(environ: dict[str, Any]) -> JudgedCall | None:
    """The call of a request that was read before; None where it could not be."""
    read = environ.get(_READ)
    return read if isinstance(read, JudgedCall) else None


def _read(environ: dict[str, Any], signed_for: str, region: str) -> JudgedCall | None:
    service = SERVICES.get(signed_for)
    if service is None or environ["PATH_INFO"].startswith(S3_CONTROL):
        return None
    request = Request(environ)
    body = request.get_data(cache=True, parse_form_data=False)
    environ["wsgi.input"] = BytesIO(body)  # for whoever reads it next
    try:
        return _call(request, body, service, region)
    except NotFound:
        return None
    finally:
        environ["wsgi.input"].seek(0)


def _call(request: Request, body: bytes, service: str, region: str) -> JudgedCall | None:
    model = get_service_model(service)
    try:
        protocol = determine_request_protocol(model, request.content_type)
    except NotImplementedError:
        return None
    labels: dict[str, Any] = {}
    match protocol:
        case "json":
            operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        case "query" | "ec2":
            operation = request.values.get("Action", "")
        case "smithy-rpc-v2-cbor":
            operation = request.path.rpartition("/")[2]
        case _:
            matched, labels = get_service_router(service).match(request)
            operation = matched.name
    # moto's model has some that botocore's has not, such as a browser's upload to S3.
    if operation not in model.operation_names or operation not in service_model(service).operation_names:
        return None
    try:
        match protocol:
            case "json":
                members = json.loads(body or b"{}")
            case "smithy-rpc-v2-cbor":
                members = RpcV2CBORParser().parse_data_item(BufferedReader(BytesIO(body))) if body else {}
            case _:
                members = PROTOCOL_PARSERS[protocol](model.operation_model(operation)).parse(
                    {
                        "method": request.method,
                        "values": request.values,
                        "headers": request.headers,
                        "body": body,
                        "url_path": request.path,
                        "url_params": labels,
                    }
                )
    except Exception as error:
        if protocol.startswith("rest"):
            return None  # moto says what is wrong with a document
        raise UnreadableError(str(error)) from error
    return JudgedCall(service=service, operation=operation, members=members, region=region)
