"""The stack's key: what it encrypts can be read for as long as it is wanted."""

import pytest

from components.encryption import EncryptionKey, EncryptionKeyArgs
from testkit.registered import Registered, register

KEY = "aws:kms/key:Key"


def key(*, protected: bool = True, retained: bool = True) -> Registered:
    args = EncryptionKeyArgs(
        account_id="123456789012", region="eu-central-1", protected=protected, retained=retained
    )
    return register(lambda: EncryptionKey("kit", args))


def test_a_key_is_made_of_exactly_this() -> None:
    """Nothing more, nothing less."""
    assert key().types == {KEY: 1, "aws:kms/alias:Alias": 1}


def test_a_deletion_can_be_cancelled_for_the_longest_that_kms_has() -> None:
    """And the key rotates (KMS.4)."""
    inputs = key()[KEY, "kit"]
    assert (inputs["deletionWindowInDays"], inputs["enableKeyRotation"]) == (30, True)


@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize("retained", [True, False])
def test_a_key_is_kept_as_it_is_told(protected: bool, retained: bool) -> None:
    """Protected: the engine deletes nothing. Retained: the stack goes and the key stays."""
    options = key(protected=protected, retained=retained).options[KEY, "kit"]
    assert (options.protect, options.retainOnDelete) == (protected, retained)
