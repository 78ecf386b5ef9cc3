"""The passphrase that was published with the kit."""

from base64 import b64encode
from hashlib import pbkdf2_hmac
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stacks import passphrase as of_stacks
from stacks.passphrase import PUBLISHED, PublishedPassphrase, opens, refuse_published

FORMER = "v1:z6Q+JH1bGd0=:v1:11icoJTxUFxX7//Q:uRZffHK49eadPWNVPfAcYpjjd4YrOg=="
"""What the stack files once held."""
MESSAGE = (
    '{} "rehearsal", which is published with this kit: whoever reads the state or the stack file reads the '
    "secrets. Unset it, and give the stack a key of its own:\n"
    "  PULUMI_CONFIG_PASSPHRASE=rehearsal pulumi stack change-secrets-provider awskms://alias/your-key "
    "--stack prod\n"
    "or `passphrase` in place of awskms://…, and a passphrase that only you know. What was encrypted before "
    "counts as known: change those secrets."
)
SALT_IS_PUBLISHED = MESSAGE.format("stacks/Pulumi.prod.yaml: the passphrase of encryptionsalt is")
ROUNDS = 1_000
"""In place of a million, which take a third of a second."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """For salts that are made here; the former one was made by the CLI."""
    monkeypatch.setattr(of_stacks, "_ROUNDS", ROUNDS)


def salt(passphrase: str, *, proof: bytes = b"pulumi") -> str:
    """As the CLI makes one, but for its rounds."""
    own, nonce = b"12345678", b"123456789012"
    sealed = AESGCM(pbkdf2_hmac("sha256", passphrase.encode(), own, ROUNDS, 32)).encrypt(nonce, proof, None)
    return f"v1:{b64encode(own).decode()}:v1:{b64encode(nonce).decode()}:{b64encode(sealed).decode()}"


def stack_file(folder: Path, text: str) -> Path:
    file = folder / "Pulumi.prod.yaml"
    file.write_text(text)
    return file


def test_the_published_salt_is_refused(tmp_path: Path) -> None:
    """Verbatim, with all rounds: the CLI made it."""
    assert refusal(tmp_path, FORMER) == SALT_IS_PUBLISHED


@pytest.mark.usefixtures("quick")
def test_a_new_salt_of_the_published_passphrase_is_no_safer(tmp_path: Path) -> None:
    """It is refused in the same words."""
    assert refusal(tmp_path, salt(PUBLISHED)) == SALT_IS_PUBLISHED


def refusal(folder: Path, published: str) -> str:
    """What is said of a stack file with that salt."""
    with pytest.raises(PublishedPassphrase) as refused:
        refuse_published("prod", stack_file(folder, f"encryptionsalt: {published}\n"), {})
    return str(refused.value)


def test_the_published_passphrase_in_the_environment_is_refused(tmp_path: Path) -> None:
    """Whatever file the stack is encrypted by (`--config-file`), it would be with this one."""
    file = stack_file(tmp_path, "config: {}\n")
    with pytest.raises(PublishedPassphrase) as refused:
        refuse_published("prod", file, {"PULUMI_CONFIG_PASSPHRASE": PUBLISHED})
    assert str(refused.value) == MESSAGE.format("PULUMI_CONFIG_PASSPHRASE is")
    (tmp_path / "passphrase").write_text(f"{PUBLISHED}\n")
    with pytest.raises(PublishedPassphrase):
        refuse_published("prod", file, {"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "passphrase")})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "text",
    [
        f"encryptionsalt: {salt('my own')}\n",
        "secretsprovider: awskms://alias/mine\nencryptedkey: AAAA\n",
        "config: {}\n",
        "",
    ],
)
def test_a_stack_with_a_key_of_its_own_is_not(tmp_path: Path, text: str) -> None:
    """Its passphrase, its KMS key, Pulumi Cloud's; the twin."""
    refuse_published("prod", stack_file(tmp_path, text), {"PULUMI_CONFIG_PASSPHRASE": "my own"})


def test_a_stack_without_a_file_is_not(tmp_path: Path) -> None:
    """Its settings may lie elsewhere."""
    refuse_published("prod", tmp_path / "Pulumi.prod.yaml", {})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("wrong", ["", "v1:x", "v2:a:v1:b:c", "v1:AAAA:v1:AAAA:AAAA", "v1:A:v1:A:A"])
def test_what_is_no_salt_opens_with_nothing(wrong: str) -> None:
    """The CLI refuses it in its own words."""
    assert not opens(PUBLISHED, wrong)


@pytest.mark.usefixtures("quick")
def test_a_proof_of_something_else_is_none() -> None:
    """As the CLI judges."""
    assert not opens("my own", salt("my own", proof=b"other"))
