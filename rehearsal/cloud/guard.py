"""Who may talk to the cloud: programs that sign with a key of it, by its own name, and no web page.

Loopback is shared by all users of a machine, and browsers reach it for any page: being there proves nothing.
"""

import datetime
import hashlib
import hmac
import re
from io import BytesIO
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from werkzeug.wrappers import Response

from rehearsal import sigv4
from rehearsal.cloud import refusals
from rehearsal.cloud.iam.identities import Identities, Identity
from rehearsal.cloud.refusals import Reason, RefusedError

_TOLERANCE = datetime.timedelta(minutes=15)  # between the client's clock and ours, as AWS has it
_UNPROVEN = 16 * 1024 * 1024  # bytes of a body that are read before its signature is known to be right


class Guard:
    """Looks at a request before anything else does."""

    def __init__(self, identities: Identities, port: int) -> None:
        self._identities = identities
        # The last is S3 Control's: its clients put the account before the name of the endpoint.
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}", f"{DEFAULT_ACCOUNT_ID}.localhost:{port}"}

    def is_foreign(self, environ: dict[str, Any]) -> Response | None:
        """The answer to a request of a web page: one with an Origin, or for a name that is not ours.

        The name betrays a page of a rebound domain: its browser takes this for the page's own server.
        """
        if "HTTP_ORIGIN" in environ:
            return Response("The rehearsal answers no web page: this request has an Origin header.\n", 403)
        if (host := environ.get("HTTP_HOST", "").lower()) not in self._hosts:
            ours = " or ".join(sorted(self._hosts))
            return Response(f"The rehearsal is {ours}, and this request is for {host!r}.\n", 403)
        return None

    def identify(self, environ: dict[str, Any]) -> Identity | Response:
        """Whose request it is, by its signature; or the answer to one whose signature does not show it."""
        request = _request(environ)
        claim: sigv4.Claim | None = None
        try:
            claim = sigv4.claim_of(request)
            if claim is None:
                raise RefusedError(Reason.UNSIGNED)
            identity = self._verify(request, claim, environ)
        except (sigv4.MalformedError, UnicodeDecodeError) as error:
            refused = RefusedError(Reason.MALFORMED, str(error))
        except RefusedError as error:
            refused = error
        else:
            _as_header(environ, claim)
            return identity
        return refusals.response(refused, dialect_of(environ, claim.service if claim else None))

    def _verify(self, request: sigv4.WireRequest, claim: sigv4.Claim, environ: dict[str, Any]) -> Identity:
        now = datetime.datetime.now(datetime.UTC)
        identity = self._identities.find(claim, now)
        _check_time(claim, now)
        if any(name.startswith("x-amz-") and name not in claim.signed_headers for name in request.headers):
            raise RefusedError(Reason.WRONG_SIGNATURE)
        payload = _declared_payload(request, claim)
        body = None if payload else _read(environ, limit=_UNPROVEN)
        expected = sigv4.signature(identity.secret, request, claim, payload or _sha256(body or b""))
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise RefusedError(Reason.WRONG_SIGNATURE)
        if payload and payload != sigv4.UNSIGNED_PAYLOAD:
            _check_body(identity, claim, payload, _read(environ))
        return identity


def dialect_of(environ: dict[str, Any], service: str | None) -> refusals.Dialect:
    """In what form the client of a request expects an error."""
    request = _request(environ)
    return refusals.dialect_of(service, request.headers, request.query)


def _request(environ: dict[str, Any]) -> sigv4.WireRequest:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    # Keys of an object's own metadata may have underscores.
    for name, spelled in environ.get("moto.preserved_header_names", {}).items():
        headers[spelled.lower()] = headers.pop(name.removeprefix("HTTP_").replace("_", "-").lower())
    return sigv4.WireRequest(
        method=environ["REQUEST_METHOD"],
        path=environ["RAW_URI"].partition("?")[0],
        query=environ["QUERY_STRING"],
        headers=headers,
    )


def _check_time(claim: sigv4.Claim, now: datetime.datetime) -> None:
    try:
        signed = datetime.datetime.strptime(claim.time, sigv4.TIME_FORMAT).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise sigv4.MalformedError(f"Date must be in ISO-8601 'basic format', got '{claim.time}'.") from None
    if claim.day != claim.time[:8]:
        raise RefusedError(Reason.WRONG_SIGNATURE)
    lifetime = _TOLERANCE if claim.expires is None else datetime.timedelta(seconds=claim.expires)
    if now > signed + lifetime:
        raise RefusedError(Reason.WRONG_TIME if claim.expires is None else Reason.EXPIRED_URL)
    if now < signed - _TOLERANCE:
        raise RefusedError(Reason.WRONG_TIME)


def _declared_payload(request: sigv4.WireRequest, claim: sigv4.Claim) -> str | None:
    """What stands for the body in the signature; None where it is the hash of the body itself."""
    declared = request.headers.get("x-amz-content-sha256")
    if claim.service == "s3":
        return sigv4.UNSIGNED_PAYLOAD if declared is None and claim.expires is not None else declared
    if declared is not None and not _is_hash(declared):
        raise RefusedError(Reason.WRONG_SIGNATURE)
    return declared


def _check_body(identity: Identity, claim: sigv4.Claim, payload: str, body: bytes) -> None:
    match payload:
        case sigv4.SIGNED_CHUNKS | sigv4.SIGNED_CHUNKS_AND_TRAILER:
            right = sigv4.check_chunks(identity.secret, claim, payload, body)
            reason = Reason.WRONG_SIGNATURE
        case sigv4.UNSIGNED_CHUNKS_AND_TRAILER:
            return
        case _:
            right, reason = hmac.compare_digest(_sha256(body), payload), Reason.WRONG_PAYLOAD
    if not right:
        raise RefusedError(reason)


def _read(environ: dict[str, Any], limit: int | None = None) -> bytes:
    """The body, which whoever reads it next finds as it was."""
    given = environ.get("CONTENT_LENGTH") or "0"
    if not given.isdecimal():
        raise sigv4.MalformedError(f"Content-Length must be a number, got '{given}'.")
    length = int(given)
    if environ.get("wsgi.input_terminated") and not length:
        body: bytes = environ["wsgi.input"].read(limit or -1)
    elif limit is not None and length > limit:
        raise RefusedError(Reason.WRONG_SIGNATURE)
    else:
        body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _as_header(environ: dict[str, Any], claim: sigv4.Claim) -> None:
    """What moto reads of a signature, also where it was in the URL: it finds service and account there."""
    environ["HTTP_AUTHORIZATION"] = (
        f"{sigv4.ALGORITHM} Credential={claim.key_id}/{claim.scope},"
        f" SignedHeaders={';'.join(claim.signed_headers)}, Signature={claim.signature}"
    )
    environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)  # the key alone says whose account it is


def _is_hash(text: str) -> bool:
    """Whether it is a SHA-256 in hexadecimal of small letters, which alone is signed."""
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
