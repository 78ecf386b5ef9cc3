"""Errors of AWS's own making, in each service's words."""

from werkzeug.wrappers import Response

from rehearsal.cloud import refusals
from rehearsal.cloud.refusals import Dialect

RATE = "Rate exceeded"
INTERNAL = "The request processing has failed because of an unknown error, exception or failure."


def throttled(service: str, dialect: Dialect) -> Response:
    """Source: each API reference's "Common errors"; EC2's error codes; S3's error responses."""
    match service:
        case "ec2":
            return refusals.answer(dialect, 503, "RequestLimitExceeded", "Request limit exceeded.")
        case "s3":
            return refusals.answer(dialect, 503, "SlowDown", "Please reduce your request rate.")
    code = "ThrottlingException" if dialect is Dialect.JSON else "Throttling"
    return refusals.answer(dialect, 400, code, RATE)


def server_error(service: str, dialect: Dialect, which: int) -> Response:
    """One of the two that any call may meet."""
    if which:
        code = "Unavailable" if service == "ec2" else "ServiceUnavailable"
        return refusals.answer(dialect, 503, code, "The service is unavailable. Please try again shortly.")
    code = "InternalError" if service in ("ec2", "s3") else "InternalFailure"
    return refusals.answer(dialect, 500, code, INTERNAL)
