"""What a client is told where moto fails, or answers in another protocol than the service's."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from botocore.model import Shape
from botocore.parsers import create_parser
from moto.utilities.arns import parse_arn
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from rehearsal.cloud.moto_app import Moto
from rehearsal.cloud.rds.parameters import InstanceClass, evaluate

SERVICES = {"rds": "query", "ec2": "ec2", "ecs": "json", "s3": "rest-xml"}
ANY = InstanceClass(memory=1, vcpu=1, allocated_storage=1, port=1)


def error(service: str, answer: Callable[[], Any]) -> tuple[int, str, str]:
    """Status, code and message as botocore reads them, where moto answers so."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response: Response = answer()
        return response(environ, start_response)

    is_json = SERVICES[service] == "json"
    headers = [("X-Amz-Target", "Any.Thing")] if is_json else []
    body = {} if is_json else {"Action": "Thing"}
    environ = EnvironBuilder(method="POST", headers=headers, data=body).get_environ()
    environ["RAW_URI"] = "/"
    said = Moto(application).answer(environ, service)
    parsed = create_parser(SERVICES[service]).parse(
        {"status_code": said.status_code, "headers": dict(said.headers), "body": said.get_data()},
        Shape("Nothing", {"type": "structure"}),
    )
    return said.status_code, parsed["Error"]["Code"], parsed["Error"]["Message"]


def raises(failure: Callable[[], object]) -> Callable[[], Response]:
    def fail() -> Response:
        failure()
        raise AssertionError("it did not fail")

    return fail


def not_there() -> None:
    raise NotImplementedError("The think action has not been implemented")


def test_an_identifier_that_is_empty_is_a_mistake_and_no_redirect() -> None:
    """No client would follow one; S3's errors have the form of Route 53's."""
    assert error("s3", lambda: Response(status=308))[:2] == (400, "InvalidRequest")


def test_a_header_that_http_cannot_carry_is_a_mistake() -> None:
    """The server would break off in the middle of the answer."""
    answer = Response(headers={"Cache-Control": "☃"})
    assert error("s3", lambda: answer)[:2] == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("service", "code"),
    [("rds", "InvalidAction"), ("ec2", "InvalidAction"), ("ecs", "UnknownOperationException")],
)
def test_an_operation_that_moto_lacks(service: str, code: str) -> None:
    assert error(service, raises(not_there))[:2] == (400, code)


@pytest.mark.parametrize(
    ("service", "code"),
    [("rds", "ValidationError"), ("ec2", "InvalidParameterValue"), ("ecs", "ValidationException")],
)
def test_what_moto_stumbles_over_is_a_mistake_of_the_clients(service: str, code: str) -> None:
    """What is wrong is in the message. No client repeats it, as it would after a 500."""
    status, said, message = error(service, raises(lambda: parse_arn("no ARN")))
    assert (status, said) == (400, code)
    assert "The rehearsal failed at this request: ValueError: not enough values" in message


def test_what_moto_stumbles_over_once_is_no_mistake() -> None:
    """A list of what another request deletes at that moment; the request's body is there again, too."""
    bodies: list[bytes] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        bodies.append(environ["wsgi.input"].read())
        if len(bodies) == 1:
            parse_arn("no ARN")
        return Response("<Keys/>")(environ, start_response)

    environ = EnvironBuilder(method="POST", data=b"Action=Thing").get_environ()
    environ["RAW_URI"] = "/"
    assert Moto(application).answer(environ, "s3").get_data() == b"<Keys/>"
    assert bodies == [b"Action=Thing"] * 2


def test_where_the_clouds_own_code_fails_that_is_no_mistake_of_the_clients() -> None:
    """The twin: a 500, which tests look for."""
    assert error("rds", raises(lambda: evaluate("{", ANY)))[:2] == (500, "InternalFailure")


def test_an_error_in_another_protocol_is_told_in_the_services() -> None:
    """A wrong page's token is answered by moto in JSON, whatever the service."""
    body = json.dumps({"__type": "InvalidToken", "message": "Invalid Token: <no>"})
    told = (400, "InvalidToken", "Invalid Token: <no>")
    assert error("rds", lambda: Response(body, 400)) == told
    assert error("ec2", lambda: Response(body, 400)) == told
    assert error("ecs", lambda: Response(body, 400)) == told


def test_a_range_that_an_object_does_not_have() -> None:
    """To S3's clients moto answers by a status alone."""
    assert error("s3", lambda: Response("", 416))[:2] == (416, "InvalidRange")
    body = "<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>"
    assert error("s3", lambda: Response(body, 404)) == (404, "NoSuchKey", "none")


def test_a_page_is_no_answer() -> None:
    """Nor is plain text."""
    page = "<!doctype html><title>404 Not Found</title>"
    assert error("rds", lambda: Response(page, 404)) == (404, "ValidationError", page)
    assert error("ecs", lambda: Response("Not here", 400)) == (400, "ValidationException", "Not here")
