"""The verifier that stands for the app role's password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from migrator.applying.roles import verifier


def test_the_verifier_is_postgresqls() -> None:
    """SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>, as RFC 5803 and PostgreSQL derive them."""
    match = re.fullmatch(r"SCRAM-SHA-256\$4096:([^$]+)\$([^:]+):(.+)", verifier("p'w"))
    assert match
    salt, stored_key, server_key = (base64.b64decode(part) for part in match.groups())
    salted = hashlib.pbkdf2_hmac("sha256", b"p'w", salt, 4096)
    assert stored_key == hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    assert server_key == hmac.digest(salted, b"Server Key", "sha256")


def test_each_verifier_has_its_own_salt() -> None:
    """Two roles with one password cannot be told to have it."""
    assert verifier("same") != verifier("same")
