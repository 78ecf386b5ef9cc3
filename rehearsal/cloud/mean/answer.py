"""An answer of the cloud as a dict that can be changed, and back: JSON as it is, XML by the model."""

import json
import uuid
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.parsers import ResponseParserFactory
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from rehearsal.cloud.judge.call import JudgedCall

XML = ("query", "ec2")
"""The protocols beside JSON whose answers can be changed. Those of S3 and Route 53 stay as they are."""


def read(call: JudgedCall, response: Response, *, is_json: bool) -> dict[str, Any] | None:
    """The answer's members; None for one that has none, or whose protocol is not known here."""
    if response.status_code != HTTPStatus.OK or call.model.output_shape is None:
        return None
    body = response.get_data()
    if is_json:
        return json.loads(body) if body else None
    protocol = call.model.service_model.protocol
    if protocol not in XML:
        return None
    whole: dict[str, Any] = {"status_code": 200, "headers": {}, "body": body}
    members: dict[str, Any] = _parser(protocol).parse(whole, call.model.output_shape)
    members.pop("ResponseMetadata", None)
    return members


def write(call: JudgedCall, response: Response, members: dict[str, Any], *, is_json: bool) -> None:
    """Puts the members into the answer in place of those that it has."""
    if is_json:
        response.set_data(json.dumps(members))
        return
    service, protocol = get_service_model(call.service), call.model.service_model.protocol
    context = SerializationContext(str(uuid.uuid4()))
    serializer = get_serializer_class(call.service, protocol)(
        service.operation_model(call.operation), context
    )
    response.set_data(serializer.serialize(members)["body"])


@cache
def _parser(protocol: str) -> Any:
    factory = ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=str)
    return factory.create_parser(protocol)
