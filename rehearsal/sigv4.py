"""AWS Signature Version 4, for both ends: what a client puts into a request, what the endpoint expects there.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html

Pure: no clock, no network.
"""

import hashlib
import hmac
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
MAX_EXPIRES = 7 * 24 * 3600  # seconds
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
STREAMING = "STREAMING-"
SIGNED_CHUNKS = f"{STREAMING}{ALGORITHM}-PAYLOAD"
SIGNED_CHUNKS_AND_TRAILER = f"{SIGNED_CHUNKS}-TRAILER"
UNSIGNED_CHUNKS_AND_TRAILER = f"{STREAMING}{UNSIGNED_PAYLOAD}-TRAILER"
_EMPTY = hashlib.sha256(b"").hexdigest()


class MalformedError(ValueError):
    """A signature that is there, and can't be read; the message is AWS's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WireRequest:
    """A request as it came over the wire."""

    method: str
    path: str
    """Percent-encoded, as it was sent."""
    query: str
    """Without the question mark, as it was sent."""
    headers: Mapping[str, str]
    """By lower-case name; a header that came twice is joined by commas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who a request says it is from, and the signature that is to prove it."""

    key_id: str
    day: str
    region: str
    service: str
    time: str
    """Of signing, as `20150830T123600Z`."""
    signed_headers: tuple[str, ...]
    signature: str
    token: str | None
    expires: int | None = None
    """Seconds after `time`, of a presigned URL; None where the signature is in a header."""

    @property
    def scope(self) -> str:
        """What the key was narrowed to."""
        return f"{self.day}/{self.region}/{self.service}/{TERMINATOR}"


def claim_of(request: WireRequest) -> Claim | None:
    """What a request claims, in its header or its URL; None for one that is not signed at all.

    Raises MalformedError.
    """
    if (header := request.headers.get("authorization")) is not None:
        return _header_claim(header, request.headers)
    query = _parameters(request.query)
    return _query_claim(query) if "X-Amz-Signature" in query else None


def _header_claim(header: str, headers: Mapping[str, str]) -> Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise MalformedError(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise MalformedError(f"Authorization header requires '{name}' parameter.")
    if "x-amz-date" not in headers:
        raise MalformedError("Authorization header requires existence of either a 'X-Amz-Date' header.")
    return _claim(
        credential=parts["Credential"],
        time=headers["x-amz-date"],
        signed_headers=parts["SignedHeaders"],
        signature=parts["Signature"],
        token=headers.get("x-amz-security-token"),
        expires=None,
    )


def _query_claim(query: Mapping[str, str]) -> Claim:
    for name in ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"):
        if name not in query:
            raise MalformedError(f"AWS query-string parameters must include '{name}'.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise MalformedError(f"Unsupported AWS 'algorithm': '{query['X-Amz-Algorithm']}'.")
    expires = query["X-Amz-Expires"]
    if not expires.isdecimal() or not 0 < int(expires) <= MAX_EXPIRES:
        raise MalformedError(f"X-Amz-Expires must be between 1 and {MAX_EXPIRES} seconds.")
    return _claim(
        credential=query["X-Amz-Credential"],
        time=query["X-Amz-Date"],
        signed_headers=query["X-Amz-SignedHeaders"],
        signature=query["X-Amz-Signature"],
        token=query.get("X-Amz-Security-Token"),
        expires=int(expires),
    )


def _claim(
    *, credential: str, time: str, signed_headers: str, signature: str, token: str | None, expires: int | None
) -> Claim:
    match credential.split("/"):
        case [key_id, day, region, service, "aws4_request"]:
            names = tuple(signed_headers.split(";"))
            if "host" not in names:
                raise MalformedError("'Host' must be a 'SignedHeader' in the AWS Authorization.")
            return Claim(
                key_id=key_id,
                day=day,
                region=region,
                service=service,
                time=time,
                signed_headers=names,
                signature=signature,
                token=token,
                expires=expires,
            )
    raise MalformedError(f"Credential must have exactly 5 slash-delimited elements, got '{credential}'.")


def signature(secret: str, request: WireRequest, claim: Claim, payload: str) -> str:
    """The right signature for a request; `payload` is its body's hash, or the word that stands for one."""
    hashed = hashlib.sha256(canonical(request, claim, payload).encode()).hexdigest()
    return _hmac(secret, claim, f"{ALGORITHM}\n{claim.time}\n{claim.scope}\n{hashed}")


def canonical(request: WireRequest, claim: Claim, payload: str) -> str:
    """The request in the one form that both ends sign."""
    headers = [f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in claim.signed_headers]
    lines = [
        request.method,
        _canonical_path(request.path, claim.service),
        _canonical_query(request.query),
        "".join(headers),
        ";".join(claim.signed_headers),
        payload,
    ]
    return "\n".join(lines)


def _canonical_path(path: str, service: str) -> str:
    # S3 takes a key as it is. The others drop `.`, `..` and empty segments, and encode what came encoded.
    if service == "s3":
        return path
    normal = "/" + posixpath.normpath(f"/{path}").lstrip("/")
    slash = "/" if path.endswith("/") and normal != "/" else ""
    return _encode(f"{normal}{slash}".encode(), safe="/")


def _canonical_query(query: str) -> str:
    pairs = [
        (_encode(unquote_to_bytes(name)), _encode(unquote_to_bytes(value)))
        for name, _, value in (part.partition("=") for part in query.split("&") if part)
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "X-Amz-Signature")


def _parameters(query: str) -> dict[str, str]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return {unquote_to_bytes(name).decode(): unquote_to_bytes(value).decode() for name, _, value in parts}


def _encode(value: bytes, safe: str = "") -> str:
    return quote(value, safe=safe + "-_.~")


def _hmac(secret: str, claim: Claim, text: str) -> str:
    key = _signing_key(secret, claim.day, claim.region, claim.service)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=1024)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, TERMINATOR):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def check_chunks(secret: str, claim: Claim, payload: str, body: bytes) -> bool:
    """Whether each chunk of an `aws-chunked` body has the signature that follows from the one before."""
    previous, chunks = claim.signature, BytesIO(body)
    while True:
        size, _, given = chunks.readline().rstrip(b"\r\n").partition(b";chunk-signature=")
        try:
            length = int(size, 16)
        except ValueError:
            return False
        data = chunks.read(length)
        text = f"{_EMPTY}\n{hashlib.sha256(data).hexdigest()}"
        previous = _chained(secret, claim, "PAYLOAD", previous, text)
        if len(data) < length or not _same(previous, given):
            return False
        if length == 0:
            break
        if chunks.read(2) != b"\r\n":
            return False
    rest = chunks.read()
    if payload == SIGNED_CHUNKS_AND_TRAILER:
        return _check_trailer(secret, claim, previous, rest)
    return rest == b"\r\n"


def _check_trailer(secret: str, claim: Claim, previous: str, trailer: bytes) -> bool:
    lines = [line for line in trailer.split(b"\r\n") if line]
    if not lines or not lines[-1].lower().startswith(b"x-amz-trailer-signature:"):
        return False
    signed = b"".join(line.replace(b": ", b":", 1) + b"\n" for line in lines[:-1])
    expected = _chained(secret, claim, "TRAILER", previous, hashlib.sha256(signed).hexdigest())
    return _same(expected, lines[-1].partition(b":")[2].strip())


def _chained(secret: str, claim: Claim, kind: str, previous: str, text: str) -> str:
    return _hmac(secret, claim, f"{ALGORITHM}-{kind}\n{claim.time}\n{claim.scope}\n{previous}\n{text}")


def _same(expected: str, given: bytes) -> bool:
    return hmac.compare_digest(expected.encode(), given)


def sign(
    key_id: str, secret: str, request: WireRequest, body: bytes, *, time: str, region: str, service: str
) -> dict[str, str]:
    """The headers that make a request, with all that it has, one of the key's holder."""
    hashed = hashlib.sha256(body).hexdigest()
    headers = {**request.headers, "x-amz-date": time, "x-amz-content-sha256": hashed}
    claim = Claim(
        key_id=key_id,
        day=time[:8],
        region=region,
        service=service,
        time=time,
        signed_headers=tuple(sorted(headers)),
        signature="",
        token=None,
    )
    whole = WireRequest(method=request.method, path=request.path, query=request.query, headers=headers)
    right = signature(secret, whole, claim, hashed)
    return {
        "X-Amz-Date": time,
        "X-Amz-Content-Sha256": hashed,
        "Authorization": f"{ALGORITHM} Credential={key_id}/{claim.scope},"
        f" SignedHeaders={';'.join(claim.signed_headers)}, Signature={right}",
    }
