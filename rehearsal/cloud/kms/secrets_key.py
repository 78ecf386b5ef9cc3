"""The KMS key that encrypts the secrets of stack `local`: the same one in every rehearsal.

So `stacks/Pulumi.local.yaml` can hold the data key that is encrypted with it, and no passphrase is needed. It
is public, and of no use elsewhere: no AWS account has it, so no other stack can be encrypted with it.
"""

import hashlib
from typing import Any

from moto.kms.models import KmsBackend

from rehearsal.cloud.moto_patch import patch

ALIAS = "alias/evenkeel-rehearsal"
KEY_ID = "00000000-e7e4-4ee1-8000-000000000000"
MATERIAL = hashlib.sha256(b"evenkeel's rehearsal").digest()

_init: Any = KmsBackend.__init__


def register() -> None:
    """Let the KMS of every region have the key, and know keys by their ARNs too where moto does not."""
    patch(KmsBackend, __init__=_with_the_key)
    for action in ("schedule_key_deletion", "cancel_key_deletion", "enable_key", "disable_key"):
        patch(KmsBackend, **{action: _by_id(getattr(KmsBackend, action))})


def _by_id(action: Any) -> Any:
    def act(backend: KmsBackend, key_id: str, *arguments: Any) -> Any:
        return action(backend, backend.any_id_to_key_id(key_id), *arguments)

    return act


def _with_the_key(backend: KmsBackend, region_name: str, account_id: str) -> None:
    _init(backend, region_name, account_id)
    key = backend.create_key(
        policy=None,
        key_usage="ENCRYPT_DECRYPT",
        key_spec="SYMMETRIC_DEFAULT",
        description="Encrypts the secrets of stack local",
        tags=None,
    )
    backend.keys[KEY_ID] = backend.keys.pop(key.id)
    key.arn = key.arn.replace(key.id, KEY_ID)
    key.id, key.key_material = KEY_ID, MATERIAL
    backend.create_alias(key.id, ALIAS)
