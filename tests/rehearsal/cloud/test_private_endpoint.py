"""The endpoint answers who signs with its key, and nobody else: each attack, and the twin that gets through.

Loopback is open to every user of the machine and to every web page that a browser shows.
"""

import datetime
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from testkit.waiting import eventually
from tests.rehearsal.cloud.endpoint_attacks import (
    ATTACKS,
    CODES,
    MADE_UP,
    OTHER_USER,
    REGION,
    Attack,
    client,
    presigned,
    refusal,
    send,
    signed,
    state,
)
from tests.rehearsal.cloud.running import RunningCloud

STRANGER = 65534


@pytest.fixture(scope="module")
def own(cloud: RunningCloud) -> Credentials:
    """The rehearsal's key. There is an object to be taken, and a zone to be lost."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="held", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="held", Key="object", Body=b"ours")
    cloud.has_subnet_in("eu-central-1a")
    return Credentials(cloud.key.id, cloud.key.secret)


@pytest.fixture
def _nothing_happens(cloud: RunningCloud, own: Credentials) -> Iterator[None]:
    """After the test there are the same commands, servers, tasks, objects and zones as before."""
    before = state(cloud)
    yield
    assert state(cloud) == before


CODES |= {"ecs": CODES["ssm"], "monitoring": CODES["ssm"]}


CODES |= {"evenkeel": CODES["route53"], "moto": CODES["route53"]}
"""What AWS calls it: not signed, signed with a key that is not there, signed with another secret."""


@pytest.mark.usefixtures("own")
@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("name", ATTACKS)
def test_an_unsigned_request_is_refused(cloud: RunningCloud, name: str) -> None:
    """In the words of the service's protocol, and nothing is done."""
    attack = ATTACKS[name]
    status, _, body = send(cloud, attack, {})
    assert status in (400, 403)
    assert CODES[attack.service][0] in body.decode(errors="replace")


@pytest.mark.usefixtures("own")
@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_key_that_is_not_ours_is_refused(cloud: RunningCloud, name: str) -> None:
    """The audit's signature: well made, with a key that someone made up."""
    attack = ATTACKS[name]
    status, _, body = send(cloud, attack, signed(cloud, attack, MADE_UP))
    assert status in (400, 401, 403)
    assert CODES[attack.service][1] in body.decode(errors="replace")


@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_forged_signature_is_refused(cloud: RunningCloud, own: Credentials, name: str) -> None:
    """Who has seen the key's id still lacks its secret."""
    attack = ATTACKS[name]
    forged = Credentials(own.access_key, MADE_UP.secret_key)
    status, _, body = send(cloud, attack, signed(cloud, attack, forged))
    assert status in (400, 401, 403)
    assert CODES[attack.service][2] in body.decode(errors="replace")


@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_page_of_another_origin_is_refused(cloud: RunningCloud, own: Credentials, name: str) -> None:
    """Even with the right signature; and its browser may not show it the answer."""
    attack = ATTACKS[name]
    status, headers, _ = send(cloud, attack, {**signed(cloud, attack, own), "Origin": "https://evil.example"})
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.usefixtures("own")
@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("name", ATTACKS)
def test_a_preflight_is_refused(cloud: RunningCloud, name: str) -> None:
    """A browser asks so before it sends what a plain form could not; after a no it sends nothing."""
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": ATTACKS[name].method,
        "Access-Control-Request-Headers": "authorization,x-amz-target",
    }
    status, headers, _ = send(cloud, ATTACKS[name], asked, method="OPTIONS")
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control-")]
    del asked["Origin"]
    assert send(cloud, ATTACKS[name], asked, method="OPTIONS")[0] in (400, 403)


@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "held.localhost:{port}",
        "127.0.0.1:{port},evil.example",
        "",
    ],
)
@pytest.mark.parametrize("name", ATTACKS)
def test_a_rebound_host_name_is_refused(cloud: RunningCloud, own: Credentials, name: str, host: str) -> None:
    """A page whose name has come to mean loopback is of our origin to its browser: only the name tells."""
    attack = ATTACKS[name]
    headers = {**signed(cloud, attack, own), "Host": host.format(port=cloud.port)}
    assert send(cloud, attack, headers)[0] == 403


@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("minutes", [-16, 16])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_signature_of_another_time_is_refused(
    cloud: RunningCloud, own: Credentials, name: str, minutes: int
) -> None:
    """A request that was recorded is no use for longer than AWS allows."""
    attack = ATTACKS[name]
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    status, _, body = send(cloud, attack, signed(cloud, attack, own, at=then))
    assert status in (400, 403)
    expected = {"s3": "RequestTimeTooSkewed", "ec2": "RequestExpired"}.get(
        attack.service, CODES[attack.service][2]
    )
    assert expected in body.decode(errors="replace")


@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize("name", ["SendCommand", "RunInstances", "PutObject"])
def test_another_body_under_a_signature_is_refused(cloud: RunningCloud, own: Credentials, name: str) -> None:
    """Nor another header that the service reads."""
    attack = ATTACKS[name]
    headers = signed(cloud, attack, own)
    changed = Attack(
        attack.service, attack.method, attack.path, attack.body.replace("i", "j"), **attack.headers
    )
    assert send(cloud, changed, headers)[0] in (400, 401, 403)
    assert send(cloud, attack, {**headers, "X-Amz-Meta-More": "header"})[0] in (400, 401, 403)


@pytest.mark.usefixtures("own")
@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_nothing(cloud: RunningCloud) -> None:
    """All attacks of the audit, by a process of another user that finds the endpoint and the state folder."""
    said = subprocess.run(
        [
            *("setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups"),
            *(sys.executable, "-c", OTHER_USER, cloud.endpoint, str(cloud.state_dir)),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
    )
    assert said.stdout.split() == [
        *("PermissionError", "PermissionError"),
        *("UnrecognizedClientException", "AuthFailure", "UnrecognizedClientException", "InvalidAccessKeyId"),
        *("403", "403"),
    ]


@pytest.mark.usefixtures("_nothing_happens")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda url: url.replace("held/object", "held/other"), "SignatureDoesNotMatch"),
        (lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=600000"), "SignatureDoesNotMatch"),
        (lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=604801"), "AuthorizationHeaderMalformed"),
        (lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"), "SignatureDoesNotMatch"),
        (lambda url: url.partition("?")[0], "AccessDenied"),
    ],
)
def test_a_presigned_url_that_was_changed_is_refused(
    cloud: RunningCloud, own: Credentials, change: Callable[[str], str], code: str
) -> None:
    """Another object, a longer life, longer than AWS allows, another signature, none."""
    assert code in refusal(change(presigned(cloud, own)))


def test_a_presigned_url_ends(cloud: RunningCloud, own: Credentials) -> None:
    """It holds for as long as it says."""
    assert "Request has expired" in refusal(presigned(cloud, own, expires=60, age=61))
    assert "InvalidAccessKeyId" in refusal(presigned(cloud, MADE_UP))


def test_the_right_key_gets_through(cloud: RunningCloud, own: Credentials) -> None:
    """The twin of every attack: the same calls, signed, reach the service, and by both names."""
    sent = send(cloud, ATTACKS["SendCommand"], signed(cloud, ATTACKS["SendCommand"], own))[2]
    command = json.loads(sent)["Command"]["CommandId"]
    assert command in [each["CommandId"] for each in cloud.client("ssm").list_commands()["Commands"]]
    for name, missing in (
        ("RunInstances", "InvalidAMIID.NotFound"),
        ("RunTask", "ClusterNotFoundException"),
    ):
        assert missing in send(cloud, ATTACKS[name], signed(cloud, ATTACKS[name], own))[2].decode()
    assert send(cloud, ATTACKS["ListUsers"], signed(cloud, ATTACKS["ListUsers"], own))[0] == 200
    assert send(cloud, ATTACKS["ListHostedZones"], signed(cloud, ATTACKS["ListHostedZones"], own))[0] == 200
    assert send(cloud, ATTACKS["status"], signed(cloud, ATTACKS["status"], own))[0] == 200
    local = f"http://localhost:{cloud.port}"
    for endpoint in (cloud.endpoint, local):
        found = client(endpoint, own, "s3").get_object(Bucket="held", Key="object")["Body"].read()
        assert found == b"ours"
    with urllib.request.urlopen(presigned(cloud, own, expires=60, age=30), timeout=30) as answer:
        assert answer.read() == b"ours"


@pytest.mark.usefixtures("own")
def test_the_right_key_injects_faults(cloud: RunningCloud) -> None:
    """The twin of the fault that a stranger could not have."""
    cloud.inject("zone-loss", "eu-central-1a")
    eventually(lambda: [row["state"] for row in cloud.rows()] == ["lost"], within=10)
    cloud.inject("zone-return", "eu-central-1a")
    eventually(lambda: cloud.rows() == [], within=10)


@pytest.mark.parametrize("key", ["plain", "with space", "a+b", "ü/ä", "a//b", "per%cent", "(1)!*'~"])
def test_any_key_and_metadata_of_s3_get_through(cloud: RunningCloud, own: Credentials, key: str) -> None:
    """S3's own rules of encoding; lists and metadata too."""
    s3 = client(cloud.endpoint, own, "s3")
    metadata = {"my_key": "a  b", "other-key": "c"}
    s3.put_object(Bucket="held", Key=f"keys/{key}", Body=b"body", Metadata=metadata)
    try:
        found = s3.get_object(Bucket="held", Key=f"keys/{key}")
        assert (found["Body"].read(), found["Metadata"]) == (b"body", metadata)
        listed = s3.list_objects_v2(Bucket="held", Prefix=f"keys/{key}", Delimiter="|")["Contents"]
        assert [each["Key"] for each in listed] == [f"keys/{key}"]
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "held", "Key": f"keys/{key}"})
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.read() == b"body"
    finally:
        s3.delete_object(Bucket="held", Key=f"keys/{key}")


def test_an_upload_whose_body_is_not_signed_gets_through(cloud: RunningCloud, own: Credentials) -> None:
    """UNSIGNED-PAYLOAD, as AWS's clients send it where TLS keeps the body."""
    s3 = client(cloud.endpoint, own, "s3", s3={"payload_signing_enabled": False})
    s3.put_object(Bucket="held", Key="unsigned", Body=b"body")
    assert s3.get_object(Bucket="held", Key="unsigned")["Body"].read() == b"body"
    s3.delete_object(Bucket="held", Key="unsigned")


def test_curl_gets_through(cloud: RunningCloud, own: Credentials, tmp_path: Path) -> None:
    """An implementation that is neither ours nor botocore's."""
    secret = tmp_path / "key"
    secret.write_text(f'user = "{own.access_key}:{own.secret_key}"\n')
    asked = [
        *("curl", "--silent", "--show-error", "--fail", "--config", str(secret), "--max-time", "30"),
        *("--aws-sigv4", f"aws:amz:{REGION}:sts", "--data", "Action=GetCallerIdentity&Version=2011-06-15"),
        f"{cloud.endpoint}/",
    ]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "<Account>123456789012</Account>" in said


def test_two_rehearsals_do_not_share_a_key(own: Credentials, tmp_path: Path) -> None:
    """Nor does a shell of one reach the other; its error is AWS's for such a key."""
    other = RunningCloud(tmp_path / "state")
    try:
        with pytest.raises(ClientError) as refused:
            client(other.endpoint, own, "sts").get_caller_identity()
    finally:
        assert other.end() == 0
    assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
