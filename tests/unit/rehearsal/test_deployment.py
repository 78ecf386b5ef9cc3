"""What surrounds the engine's own work."""

import json
import socket
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import boto3
import pytest
import yaml
from moto import mock_aws

from rehearsal import deployment
from rehearsal.cloud.kms import secrets_key
from rehearsal.engine.environment import SECRETS_PROVIDER, Rehearsal
from rehearsal.errors import DeploymentError
from stacks import passphrase
from stacks.passphrase import PUBLISHED
from testkit.checkout import ROOT
from testkit.projects import project_at
from tests.unit.stacks.test_passphrase import FORMER, salt


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    """A rehearsal that has nothing yet."""
    return Rehearsal(
        project=project_at(tmp_path), state=tmp_path / ".rehearsal", port=4577, region="eu-central-1"
    )


def locked(rehearsal: Rehearsal, pid: int) -> Path:
    """The engine's lock on stack `local`, as its file backend writes it."""
    file = rehearsal.stacks / ".pulumi/locks/organization/evenkeel/local/1.json"
    file.parent.mkdir(parents=True)
    holder = {"pid": pid, "username": "me", "hostname": socket.gethostname(), "timestamp": "12:00"}
    file.write_text(json.dumps(holder))
    return file


def test_the_lock_of_an_engine_that_was_killed_is_removed(rehearsal: Rehearsal) -> None:
    """The next `up` finishes the work."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    lock = locked(rehearsal, ended.pid)
    deployment.free_stack(rehearsal)
    assert not lock.exists()


def test_the_lock_of_an_engine_that_runs_is_kept_and_its_holder_named(rehearsal: Rehearsal) -> None:
    """Two deployers at once: one works, the other is told who."""
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(30)", "pulumi"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        lock = locked(rehearsal, engine.pid)
        try:
            with pytest.raises(DeploymentError) as refused:
                deployment.free_stack(rehearsal)
        finally:
            engine.kill()
    assert lock.exists()
    assert str(refused.value) == (
        f"Stack local is being deployed since 12:00 by process {engine.pid} of me@{socket.gethostname()}. "
        "Wait for it, or end it, and run this again."
    )


def everyone_has_the_key(file: dict[str, str]) -> bool:
    """Whether a stack's file names a key that is published with the kit."""
    salt = file.get("encryptionsalt")
    return file.get("secretsprovider") == SECRETS_PROVIDER or bool(salt and passphrase.opens(PUBLISHED, salt))


def test_only_stack_local_has_a_key_that_everyone_has() -> None:
    """The other files hold none until `pulumi stack init` of their own account writes one."""
    files = {file.name: yaml.safe_load(file.read_text()) for file in project_at(ROOT).stack_files()}
    assert [name for name, file in files.items() if everyone_has_the_key(file)] == ["Pulumi.local.yaml"]


@pytest.mark.parametrize(
    ("key", "everyone_has_it"),
    [
        ({"secretsprovider": "awskms://alias/your-key", "encryptedkey": "AQ=="}, False),
        ({"encryptionsalt": salt("my own")}, False),
        ({"encryptionsalt": FORMER}, True),
        ({}, False),
    ],
    ids=["a key of one's own", "a passphrase of one's own", "the published one", "none yet"],
)
def test_a_users_own_key_is_no_fault(key: dict[str, str], everyone_has_it: bool) -> None:
    """docs/deploying-to-aws.md, step 3, writes it into the file, and one commits it."""
    assert everyone_has_the_key(key) is everyone_has_it


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1"])
def test_every_rehearsals_kms_opens_the_key_of_stack_local(region: str) -> None:
    """As the CLI asks for it, wherever the rehearsal is: else `make up` would write another into the file."""
    blob = b64decode(yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text())["encryptedkey"])
    secrets_key.register()
    with mock_aws():
        client = boto3.client("kms", region_name=region, aws_access_key_id="x", aws_secret_access_key="x")
        assert len(client.decrypt(CiphertextBlob=blob)["Plaintext"]) == 32
        described = client.describe_key(KeyId=SECRETS_PROVIDER.removeprefix("awskms://"))
    assert described["KeyMetadata"]["Arn"] == f"arn:aws:kms:{region}:123456789012:key/{secrets_key.KEY_ID}"


def test_all_that_was_written_is_removed(rehearsal: Rehearsal) -> None:
    """Folders that are closed to others included; once more is no error."""
    closed = rehearsal.state / "home" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").write_text("")
    closed.chmod(0o500)
    deployment.remove(rehearsal.state)
    deployment.remove(rehearsal.state)
    assert list(rehearsal.root.iterdir()) == []
