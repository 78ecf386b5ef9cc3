"""Which KMS key a call uses, where the call itself has an alias, or a ciphertext alone."""

from base64 import b64decode
from dataclasses import replace

from moto.kms.models import Key, kms_backends
from moto.kms.utils import KEY_ID_LEN

from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.judge.call import JudgedCall


def named(call: JudgedCall, place: Place) -> tuple[JudgedCall, list[str]]:
    """The call with its key's id, and the key's aliases; none for a call that uses no key."""
    name = str(call.members.get("KeyId") or "")
    if call.service != "kms":
        return call, []
    if call.operation == "Decrypt" and not name:
        # As moto writes one; in AWS's too it says which key it is encrypted with.
        name = b64decode(call.members.get("CiphertextBlob") or "")[:KEY_ID_LEN].decode(errors="replace")
    keys: list[Key] = list(kms_backends[place.account][place.region].keys.values())
    for key in keys:
        if name and name in (key.id, key.arn, *key.aliases):
            return replace(call, members={**call.members, "KeyId": key.id}), list(key.aliases)
    return call, []
