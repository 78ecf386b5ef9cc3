"""Signatures, judged by AWS's published examples and by botocore, which signs what its users send."""

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any
from unittest import mock
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from rehearsal import sigv4
from rehearsal.sigv4 import MalformedError, WireRequest, claim_of, signature

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
S3_KEY, S3_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EMPTY = hashlib.sha256(b"").hexdigest()
NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.UTC)


def signed(request: WireRequest, secret: str, payload: str) -> bool:
    """Whether the request's own signature is the right one."""
    claim = claim_of(request)
    assert claim is not None
    return signature(secret, request, claim, payload) == claim.signature


def header(service: str, names: str, value: str, *, day: str, key: str) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/{day}/us-east-1/{service}/aws4_request,"
        f" SignedHeaders={names}, Signature={value}"
    )


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("/./", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("//example//..", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            "/",
            "Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
)
def test_requests_of_awss_test_suite(path: str, query: str, expected: str) -> None:
    """get-vanilla, get-slash-dot-slash, get-slashes' kin and get-vanilla-query-order-key-case."""
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    headers["authorization"] = header("service", "host;x-amz-date", expected, day="20150830", key=KEY)
    assert signed(WireRequest(method="GET", path=path, query=query, headers=headers), SECRET, EMPTY)


S3_HEADERS = {
    "host": "examplebucket.s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-content-sha256": EMPTY,
}


def test_a_get_of_s3s_documentation() -> None:
    """The example with a range."""
    value = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    names = "host;range;x-amz-content-sha256;x-amz-date"
    headers = {
        **S3_HEADERS,
        "range": "bytes=0-9",
        "authorization": header("s3", names, value, day="20130524", key=S3_KEY),
    }
    assert signed(WireRequest(method="GET", path="/test.txt", query="", headers=headers), S3_SECRET, EMPTY)


def test_a_presigned_url_of_s3s_documentation() -> None:
    """The example that is good for a day."""
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
        "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    headers = {"host": "examplebucket.s3.amazonaws.com"}
    request = WireRequest(method="GET", path="/test.txt", query=query, headers=headers)
    assert signed(request, S3_SECRET, sigv4.UNSIGNED_PAYLOAD)


CHUNKS = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)


def chunked() -> WireRequest:
    """The upload in chunks of S3's documentation."""
    value = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    headers = {
        **S3_HEADERS,
        "host": "s3.amazonaws.com",
        "x-amz-content-sha256": sigv4.SIGNED_CHUNKS,
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
    }
    names = ";".join(sorted(headers))
    headers["authorization"] = header("s3", names, value, day="20130524", key=S3_KEY)
    return WireRequest(method="PUT", path="/examplebucket/chunkObject.txt", query="", headers=headers)


def test_an_upload_in_chunks_of_s3s_documentation() -> None:
    """The seed, and the chain of the three chunks."""
    request = chunked()
    claim = claim_of(request)
    assert claim is not None
    assert signed(request, S3_SECRET, sigv4.SIGNED_CHUNKS)
    assert sigv4.check_chunks(S3_SECRET, claim, sigv4.SIGNED_CHUNKS, CHUNKS)


@pytest.mark.parametrize(
    "body",
    [
        CHUNKS.replace(b"aaaa", b"aaab", 1),
        CHUNKS.replace(b"400;", b"3ff;"),
        CHUNKS[:-90],
        CHUNKS[:90],
        CHUNKS + b"more",
        b"",
        b"nonsense",
        b"0\r\n\r\n",
    ],
)
def test_chunks_that_were_changed_are_seen(body: bytes) -> None:
    """A byte, a length, an end that is missing or has grown, no chunks at all."""
    claim = claim_of(chunked())
    assert claim is not None
    assert not sigv4.check_chunks(S3_SECRET, claim, sigv4.SIGNED_CHUNKS, body)


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
SEGMENTS = st.lists(st.one_of(TEXT, st.sampled_from([".", "..", "a b", "a+b", "ä", "%2F"])), max_size=4)
PARAMETERS = st.dictionaries(TEXT, st.text(st.characters(codec="utf-8"), max_size=12), max_size=4)
SIGNERS: Mapping[tuple[str, bool], Any] = {
    ("s3", False): auth.S3SigV4Auth,
    ("s3", True): auth.S3SigV4QueryAuth,
    ("route53", False): auth.SigV4Auth,
    ("sts", True): auth.SigV4QueryAuth,
}


@given(
    signer=st.sampled_from(sorted(SIGNERS)),
    segments=SEGMENTS,
    parameters=PARAMETERS,
    body=st.binary(max_size=20),
    token=st.sampled_from([None, "a/session+token=="]),
    other=st.text("ab \t", max_size=8),
)
def test_whatever_botocore_signs_is_right(
    signer: tuple[str, bool],
    segments: list[str],
    parameters: dict[str, str],
    body: bytes,
    token: str | None,
    other: str,
) -> None:
    """In the header and in the URL, for S3 and the others, any path, query and body; and nothing else is."""
    service, in_url = signer
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items())
    path = "/" + "/".join(quote(segment, safe="~") for segment in segments)
    aws = AWSRequest(
        method="GET" if in_url else "POST",
        url=f"http://127.0.0.1:4577{path}{'?' if query else ''}{query}",
        data=b"" if in_url else body,
        headers={"X-Other": f"x{other}"},
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        SIGNERS[signer](Credentials(KEY, SECRET, token), service, "eu-central-1").add_auth(aws)
    sent = aws.prepare()
    url = urlsplit(sent.url)
    headers = {name.lower(): str(value) for name, value in sent.headers.items()} | {"host": url.netloc}
    request = WireRequest(method=sent.method, path=url.path, query=url.query, headers=headers)
    claim = claim_of(request)
    assert claim is not None
    assert (claim.key_id, claim.service, claim.token) == (KEY, service, token)
    assert (claim.expires is not None) == in_url
    payload = headers.get("x-amz-content-sha256") or (
        sigv4.UNSIGNED_PAYLOAD if service == "s3" else hashlib.sha256(b"" if in_url else body).hexdigest()
    )
    assert signature(SECRET, request, claim, payload) == claim.signature
    assert signature(SECRET[:-1], request, claim, payload) != claim.signature
    moved = WireRequest(method=request.method, path=f"{request.path}x", query=request.query, headers=headers)
    assert signature(SECRET, moved, claim, payload) != claim.signature


@given(path=SEGMENTS, body=st.binary(max_size=20))
def test_what_we_sign_is_right(path: list[str], body: bytes) -> None:
    """The other end of the same: the status and fault pages are asked so."""
    asked = WireRequest(
        method="POST",
        path="/" + "/".join(quote(segment) for segment in path),
        query="",
        headers={"host": "127.0.0.1:4577", "content-type": "application/json"},
    )
    given_headers = sigv4.sign(
        KEY, SECRET, asked, body, time="20261129T120000Z", region="local", service="evenkeel"
    )
    headers = {**asked.headers, **{name.lower(): value for name, value in given_headers.items()}}
    sent = WireRequest(method="POST", path=asked.path, query="", headers=headers)
    assert signed(sent, SECRET, hashlib.sha256(body).hexdigest())


GOOD = header("s3", "host;x-amz-date", "00", day="20261129", key=KEY)


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("Basic dXNlcjpwYXNz", "Unsupported AWS 'algorithm': 'Basic'."),
        ("AWS4-HMAC-SHA256", "Authorization header requires 'Credential' parameter."),
        (GOOD.replace("Signature=00", ""), "Authorization header requires 'Signature' parameter."),
        (GOOD.replace("/s3", ""), "Credential must have exactly 5 slash-delimited elements"),
        (GOOD.replace("host;", ""), "'Host' must be a 'SignedHeader' in the AWS Authorization."),
    ],
)
def test_a_signature_that_cannot_be_read_is_refused_in_words(authorization: str, message: str) -> None:
    """Among them one that leaves out the host, which would be good for any."""
    headers = {"host": "h", "x-amz-date": "20261129T120000Z", "authorization": authorization}
    with pytest.raises(MalformedError, match=message):
        claim_of(WireRequest(method="GET", path="/", query="", headers=headers))


def test_a_request_without_a_signature_claims_nothing() -> None:
    """It is refused, and by another name."""
    assert claim_of(WireRequest(method="GET", path="/", query="a=b", headers={"host": "h"})) is None
