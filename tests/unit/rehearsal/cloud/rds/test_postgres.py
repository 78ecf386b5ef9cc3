"""What of a PostgreSQL server needs none: its password verifier, and whose data it has."""

import base64
import hmac
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.cloud.rds.postgres import PostgresServer, scram_verifier

# The exchange of RFC 7677, section 3.
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
MESSAGE = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={NONCE}"
SERVER_SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_verifier_signs_as_the_rfc_does() -> None:
    """User `user`, password `pencil`."""
    scheme, iterations_and_salt, keys = scram_verifier("pencil", salt=SALT).split("$")
    assert (scheme, iterations_and_salt) == ("SCRAM-SHA-256", "4096:W22ZaJ0SNY7soEsUEjb6gQ==")
    server_key = base64.b64decode(keys.split(":")[1])
    signature = hmac.digest(server_key, MESSAGE.encode(), "sha256")
    assert base64.b64encode(signature).decode() == SERVER_SIGNATURE


def test_each_verifier_has_a_salt_of_its_own() -> None:
    """Equal passwords do not show as equal."""
    assert scram_verifier("same") != scram_verifier("same")


def test_a_standbys_data_takes_the_place_of_what_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed server's last files may come while the old folder is removed: nothing of it is booted."""
    authority = SimpleNamespace(issue=lambda *_, **__: None)
    context: Any = SimpleNamespace(user=None, authority=authority)
    installation: Any = None
    primary, standby = (
        PostgresServer(tmp_path / name, context, installation, "127.9.0.1", 5432) for name in ("one", "two")
    )
    for server, file in ((primary, "old"), (standby, "standby.signal")):
        server._data.mkdir()
        (server._data / file).touch()
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    primary.take_over(standby)
    assert [file.name for file in primary._data.iterdir()] == ["recovery.signal"]
    assert not standby._data.exists()
