"""moto as the cloud's front asks it: whatever becomes of a request, its client gets an answer it can read.

moto takes much for granted that AWS checks. What the judge lets through and moto stumbles over is a value
that AWS would refuse, or that moto does not support: the client is told of a mistake, as no client repeats.
Where the cloud's own code had a part in it, it is an internal failure, as AWS calls it.
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from rehearsal.cloud import refusals
from rehearsal.cloud.guard import dialect_of
from rehearsal.cloud.refusals import Dialect

_UNKNOWN = {
    Dialect.QUERY: (400, "InvalidAction"),
    Dialect.EC2: (400, "InvalidAction"),
    Dialect.JSON: (400, "UnknownOperationException"),
    Dialect.CBOR: (400, "UnknownOperationException"),
    Dialect.S3: (501, "NotImplemented"),
}
"""Status and code for an operation that moto does not have."""
_INVALID = {
    Dialect.QUERY: "ValidationError",
    Dialect.EC2: "InvalidParameterValue",
    Dialect.JSON: "ValidationException",
    Dialect.CBOR: "ValidationException",
    Dialect.S3: "InvalidRequest",
}
_OURS = Path(__file__).parent
log = logging.getLogger("rehearsal.cloud.moto")


class Dispatcher(DomainDispatcherApplication):
    """moto's applications, one for each service.

    By itself moto reads its own folder and tries the patterns of all services at each request.
    """

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._service = lru_cache(maxsize=256)(super().get_backend_for_host)

    def get_backend_for_host(self, host: str | None) -> Any:
        """The name of the service that is asked for."""
        return self._service(host)


class Moto:
    """moto's WSGI application, or what is around it."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def answer(self, environ: dict[str, Any], service: str) -> Response:
        """What moto answers to a request that is signed for a service, or what the service would."""
        dialect = dialect_of(environ, service)
        try:
            answer = self._ask(environ)
        except NotImplementedError as error:
            status, code = _UNKNOWN[dialect]
            return refusals.answer(dialect, status, code, str(error))
        except Exception as error:
            return _failed(error, dialect, service)
        if answer.status_code == HTTPStatus.PERMANENT_REDIRECT:
            # werkzeug's way with a path that has an empty part: an identifier that is empty.
            return refusals.answer(dialect, 400, _INVALID[dialect], "An identifier in the path is empty")
        if not _fits_into_headers(answer):
            # S3 repeats what a request wants as a header, and words this refusal so.
            message = "Header value cannot be represented using ISO-8859-1"
            return refusals.answer(dialect, 400, "InvalidArgument", message)
        if answer.status_code < HTTPStatus.BAD_REQUEST or environ["REQUEST_METHOD"] == "HEAD":
            return answer
        return _readable(answer, dialect)

    def _ask(self, environ: dict[str, Any]) -> Response:
        """The answer of moto; where it stumbles, to the same request once more.

        It locks nothing: a list may meet an item that another request deletes, and need not the next time.
        """
        body = Request(environ).get_data(cache=False, parse_form_data=False)
        try:
            return self._respond(environ, body)
        except NotImplementedError:
            raise
        except Exception:
            return self._respond(environ, body)

    def _respond(self, environ: dict[str, Any], body: bytes) -> Response:
        environ["wsgi.input"] = BytesIO(body)
        return Response.from_app(self._application, environ, buffered=True)


def _failed(error: Exception, dialect: Dialect, service: str) -> Response:
    ours = _is_ours(error)
    log.exception("%s: %s failed at a request", service, "the cloud" if ours else "moto")
    message = f"The rehearsal failed at this request: {type(error).__name__}: {error}"
    if ours:
        return refusals.answer(dialect, 500, "InternalFailure", message)
    return refusals.answer(dialect, 400, _INVALID[dialect], message)


def _is_ours(error: Exception) -> bool:
    """Whether the cloud's own code failed, or called what failed; moto's that it called is moto's."""
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    last = next(file for file in reversed(files) if "moto" in file.parts or file.is_relative_to(_OURS))
    return last.is_relative_to(_OURS)


def _fits_into_headers(answer: Response) -> bool:
    """Whether a client would ever see the answer: the server writes headers in ISO-8859-1, or not at all."""
    try:
        str(answer.headers).encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _readable(answer: Response, dialect: Dialect) -> Response:
    """The error in the form of the service's protocol: moto answers some in another one's, or as a page."""
    text = answer.get_data(as_text=True).strip()
    if dialect is Dialect.CBOR or text.startswith(_BEGINNINGS[dialect]):
        return answer
    if dialect is Dialect.S3 and answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return refusals.answer(dialect, 416, "InvalidRange", "The requested range is not satisfiable")
    code, message = _INVALID[dialect], text
    if text.startswith("{"):
        said = json.loads(text)
        code, message = said.get("__type", code).rpartition("#")[2], said.get("message", text)
    return refusals.answer(dialect, answer.status_code, code, message)


_BEGINNINGS = {
    Dialect.QUERY: ("<?xml", "<ErrorResponse", "<Response"),
    Dialect.EC2: ("<?xml", "<Response", "<ErrorResponse"),
    Dialect.JSON: ("{",),
    Dialect.S3: ("<?xml", "<Error"),
}
