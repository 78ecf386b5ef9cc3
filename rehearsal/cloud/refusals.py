"""How AWS says no to a request that it does not trust: status, code and body as each protocol has them."""

import json
import uuid
from collections.abc import Mapping
from enum import Enum, auto
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response


class Reason(Enum):
    """Why a request is refused."""

    UNSIGNED = auto()
    MALFORMED = auto()
    UNKNOWN_KEY = auto()
    WRONG_TOKEN = auto()
    EXPIRED_TOKEN = auto()
    WRONG_SIGNATURE = auto()
    WRONG_PAYLOAD = auto()
    WRONG_TIME = auto()
    EXPIRED_URL = auto()
    NOT_GRANTED = auto()


class Dialect(Enum):
    """In what form a service answers an error."""

    QUERY = auto()
    EC2 = auto()
    JSON = auto()
    CBOR = auto()
    S3 = auto()


class RefusedError(Exception):
    """A request that goes no further; a message says more than AWS's words where those leave it open."""

    def __init__(self, reason: Reason, message: str | None = None) -> None:
        super().__init__(message or reason.name)
        self.reason = reason
        self.message = message


_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
    " Access Key and signing method. Consult the service documentation for details."
)
_NO_SUCH_KEY = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
_OLD = "Signature expired or not yet current: its time is more than 15 minutes from the endpoint's."
_TOO_SKEWED = "The difference between the request time and the current time is too large."
_OTHER_BODY = "The provided 'x-amz-content-sha256' header does not match what was computed."
_ANSWERS: dict[Dialect, dict[Reason, tuple[int, str, str]]] = {
    Dialect.QUERY: {
        Reason.UNSIGNED: (403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        Reason.MALFORMED: (400, "IncompleteSignature", ""),
        Reason.UNKNOWN_KEY: (403, "InvalidClientTokenId", _NO_SUCH_KEY),
        Reason.WRONG_TOKEN: (403, "InvalidClientTokenId", _NO_SUCH_KEY),
        Reason.EXPIRED_TOKEN: (403, "ExpiredToken", _EXPIRED),
        Reason.WRONG_SIGNATURE: (403, "SignatureDoesNotMatch", _MISMATCH),
        Reason.WRONG_PAYLOAD: (403, "SignatureDoesNotMatch", _MISMATCH),
        Reason.WRONG_TIME: (403, "SignatureDoesNotMatch", _OLD),
        Reason.EXPIRED_URL: (403, "SignatureDoesNotMatch", _OLD),
        Reason.NOT_GRANTED: (403, "AccessDenied", ""),
    },
    Dialect.JSON: {
        Reason.UNSIGNED: (400, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        Reason.MALFORMED: (400, "IncompleteSignatureException", ""),
        Reason.UNKNOWN_KEY: (400, "UnrecognizedClientException", _NO_SUCH_KEY),
        Reason.WRONG_TOKEN: (400, "UnrecognizedClientException", _NO_SUCH_KEY),
        Reason.EXPIRED_TOKEN: (400, "ExpiredTokenException", _EXPIRED),
        Reason.WRONG_SIGNATURE: (400, "InvalidSignatureException", _MISMATCH),
        Reason.WRONG_PAYLOAD: (400, "InvalidSignatureException", _MISMATCH),
        Reason.WRONG_TIME: (400, "InvalidSignatureException", _OLD),
        Reason.EXPIRED_URL: (400, "InvalidSignatureException", _OLD),
        Reason.NOT_GRANTED: (400, "AccessDeniedException", ""),
    },
    Dialect.EC2: {
        Reason.UNSIGNED: (401, "AuthFailure", _NOT_VALIDATED),
        Reason.MALFORMED: (401, "AuthFailure", _NOT_VALIDATED),
        Reason.UNKNOWN_KEY: (401, "AuthFailure", _NOT_VALIDATED),
        Reason.WRONG_TOKEN: (401, "AuthFailure", _NOT_VALIDATED),
        Reason.EXPIRED_TOKEN: (400, "RequestExpired", "Request has expired."),
        Reason.WRONG_SIGNATURE: (401, "AuthFailure", _NOT_VALIDATED),
        Reason.WRONG_PAYLOAD: (401, "AuthFailure", _NOT_VALIDATED),
        Reason.WRONG_TIME: (400, "RequestExpired", "Request has expired."),
        Reason.EXPIRED_URL: (400, "RequestExpired", "Request has expired."),
        Reason.NOT_GRANTED: (403, "UnauthorizedOperation", ""),
    },
    Dialect.S3: {
        Reason.UNSIGNED: (403, "AccessDenied", "Access Denied"),
        Reason.MALFORMED: (400, "AuthorizationHeaderMalformed", ""),
        Reason.UNKNOWN_KEY: (
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        Reason.WRONG_TOKEN: (
            400,
            "InvalidToken",
            "The provided token is malformed or otherwise invalid.",
        ),
        Reason.EXPIRED_TOKEN: (400, "ExpiredToken", "The provided token has expired."),
        Reason.WRONG_SIGNATURE: (403, "SignatureDoesNotMatch", _MISMATCH),
        Reason.WRONG_PAYLOAD: (400, "XAmzContentSHA256Mismatch", _OTHER_BODY),
        Reason.WRONG_TIME: (403, "RequestTimeTooSkewed", _TOO_SKEWED),
        Reason.EXPIRED_URL: (403, "AccessDenied", "Request has expired"),
        Reason.NOT_GRANTED: (403, "AccessDenied", ""),
    },
}
_ANSWERS[Dialect.CBOR] = _ANSWERS[Dialect.JSON]


def dialect_of(service: str | None, headers: Mapping[str, str], query: str) -> Dialect:
    """The form that a client expects; `service` is what the request is signed for, where it is signed."""
    if service in ("ec2", "s3"):
        return Dialect[service.upper()]
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return Dialect.CBOR
    if "x-amz-target" in headers:
        return Dialect.JSON
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return Dialect.QUERY if service or form or "Action=" in query else Dialect.S3


def response(error: RefusedError, dialect: Dialect) -> Response:
    """The answer, complete."""
    status, code, message = _ANSWERS[dialect][error.reason]
    return answer(dialect, status, code, error.message or message)


def answer(dialect: Dialect, status: int, code: str, message: str) -> Response:
    """An error as a service answers it."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id}
    match dialect:
        case Dialect.JSON:
            body = json.dumps({"__type": code, "message": message}).encode()
            headers["x-amzn-ErrorType"] = code
            mimetype = "application/x-amz-json-1.1"
        case Dialect.CBOR:
            body = _cbor({"__type": code, "message": message})
            headers["smithy-protocol"] = "rpc-v2-cbor"
            mimetype = "application/cbor"
        case Dialect.EC2:
            body = (
                f"<Response><Errors><Error>{_fields(code, message)}</Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            ).encode()
            mimetype = "text/xml"
        case Dialect.S3:
            body = f"<Error>{_fields(code, message)}<RequestId>{request_id}</RequestId></Error>".encode()
            mimetype = "application/xml"
        case Dialect.QUERY:
            body = (
                f"<ErrorResponse><Error><Type>Sender</Type>{_fields(code, message)}</Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            ).encode()
            mimetype = "text/xml"
    return Response(body, status, headers, mimetype=mimetype)


def _fields(code: str, message: str) -> str:
    return f"<Code>{code}</Code><Message>{escape(message)}</Message>"


def _cbor(texts: Mapping[str, str]) -> bytes:
    """A map of texts, at most 23: https://www.rfc-editor.org/rfc/rfc8949#section-3.1."""
    return bytes([0xA0 | len(texts)]) + b"".join(_cbor_text(text) for pair in texts.items() for text in pair)


def _cbor_text(text: str) -> bytes:
    return b"\x7a" + len(text.encode()).to_bytes(4) + text.encode()
