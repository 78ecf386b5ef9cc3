"""PostgreSQL's password verifier, computed without the server."""

import base64
import hmac

from rehearsal.cloud.postgres import scram_verifier

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
