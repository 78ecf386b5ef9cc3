"""Refuses a stack of a real account whose secrets are encrypted with the passphrase that was published here.

Each stack file once carried a salt of the passphrase `rehearsal`, and a rehearsal's shell exported it. A new
salt of that passphrase is no better than the published one, so the passphrase itself is tried.
"""

from base64 import b64decode
from collections.abc import Mapping
from hashlib import pbkdf2_hmac
from pathlib import Path

import pulumi
import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PUBLISHED = "rehearsal"
_ROUNDS = 1_000_000  # of Pulumi's passphrase provider, "v1"; they take a third of a second


class PublishedPassphrase(pulumi.RunError):
    """Everyone with this repository could read the stack's secrets."""

    def __init__(self, where: str, stack: str) -> None:
        super().__init__(
            f'{where} "{PUBLISHED}", which is published with this kit: whoever reads the state or the stack '
            "file reads the secrets. Unset it, and give the stack a key of its own:\n"
            f"  PULUMI_CONFIG_PASSPHRASE={PUBLISHED} pulumi stack change-secrets-provider "
            f"awskms://alias/your-key --stack {stack}\n"
            "or `passphrase` in place of awskms://…, and a passphrase that only you know. What was encrypted "
            "before counts as known: change those secrets."
        )


def refuse_published(stack: str, file: Path, environment: Mapping[str, str]) -> None:
    """Raises `PublishedPassphrase` when the environment or the stack's file holds it."""
    if given(environment) == PUBLISHED:
        raise PublishedPassphrase("PULUMI_CONFIG_PASSPHRASE is", stack)
    salt = salt_of(file)
    if salt is not None and opens(PUBLISHED, salt):
        raise PublishedPassphrase(f"stacks/{file.name}: the passphrase of encryptionsalt is", stack)


def given(environment: Mapping[str, str]) -> str | None:
    """The passphrase that the CLI takes from its environment."""
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if "PULUMI_CONFIG_PASSPHRASE" in environment or not file:
        return environment.get("PULUMI_CONFIG_PASSPHRASE")
    return Path(file).read_text().strip()


def salt_of(file: Path) -> str | None:
    """The `encryptionsalt` of a stack file; None where a stack has another key, or no file."""
    if not file.exists():
        return None
    salt = (yaml.safe_load(file.read_text()) or {}).get("encryptionsalt")
    return None if salt is None else str(salt)


def opens(passphrase: str, salt: str) -> bool:
    """Whether the passphrase opens a salt: v1:SALT:v1:NONCE:SEALED, in which "pulumi" is sealed."""
    match salt.split(":"):
        case ["v1", salt64, "v1", nonce, sealed]:
            try:
                key = pbkdf2_hmac("sha256", passphrase.encode(), b64decode(salt64), _ROUNDS, 32)
                return AESGCM(key).decrypt(b64decode(nonce), b64decode(sealed), None) == b"pulumi"
            except (InvalidTag, ValueError):
                return False
    return False
