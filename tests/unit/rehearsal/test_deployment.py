"""What surrounds the engine's own work."""

import json
import socket
import subprocess
import sys
from base64 import b64decode
from hashlib import pbkdf2_hmac
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rehearsal import deployment
from rehearsal.engine.environment import PASSPHRASE, ROOT, Rehearsal
from rehearsal.errors import DeploymentError


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    """A rehearsal that has nothing yet."""
    return Rehearsal(root=tmp_path, state=tmp_path / ".rehearsal", port=4577, region="eu-central-1")


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


def test_stacks_with_a_real_accounts_key_are_not_made_in_the_rehearsal(tmp_path: Path) -> None:
    """Nor those without a salt: the engine would write one into the file."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    (folder / "Pulumi.local.yaml").write_text("encryptionsalt: v1:x\n")
    (folder / "Pulumi.fresh.yaml").write_text("config: {}\n")
    (folder / "Pulumi.prod.yaml").write_text("secretsprovider: awskms://x\nencryptedkey: y\n")
    assert deployment.rehearsed_stacks(tmp_path) == ["local"]


def test_the_rehearsals_passphrase_opens_the_salt_of_every_stack() -> None:
    """Pulumi's own proof: its name, sealed with a key of 1,000,000 rounds of PBKDF2-SHA256."""
    salts = {yaml.safe_load(file.read_text())["encryptionsalt"] for file in deployment.stack_files(ROOT)}
    assert len(salts) == 1  # one proof takes a third of a second
    _, salt, _, nonce, sealed = salts.pop().split(":")
    key = pbkdf2_hmac("sha256", PASSPHRASE.encode(), b64decode(salt), 1_000_000, 32)
    assert AESGCM(key).decrypt(b64decode(nonce), b64decode(sealed), None) == b"pulumi"


def test_all_that_was_written_is_removed(rehearsal: Rehearsal) -> None:
    """Folders that are closed to others included; once more is no error."""
    closed = rehearsal.state / "home" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").write_text("")
    closed.chmod(0o500)
    deployment.remove(rehearsal.state)
    deployment.remove(rehearsal.state)
    assert list(rehearsal.root.iterdir()) == []
