"""The access keys of a rehearsal: its own, which may do everything in its cloud, and the deployers'."""

import json
import os
import secrets
import string
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.errors import CloudError

_ID_CHARACTERS = string.ascii_uppercase + "234567"
_SECRET_CHARACTERS = string.ascii_letters + string.digits + "+/"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessKey:
    """Id and secret, in the shape of an IAM user's key."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def make(cls, state: Path) -> "AccessKey":
        """The key of the rehearsal in this state folder; a new one where there is none yet.

        Two processes may ask at once: the key appears whole and only once, and at no moment can another user
        read it.
        """
        return cls(id=_new_id(), secret=_new_secret()).kept(state)

    def kept(self, state: Path) -> "AccessKey":
        """The key that this folder has from now on: this one, unless it has one already."""
        file = _file(state)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as content:
                json.dump({"AccessKeyId": self.id, "SecretAccessKey": self.secret}, content)
            with suppress(FileExistsError):
                file.hardlink_to(draft)
        finally:
            draft.unlink()
        return AccessKey.read(state)

    @classmethod
    def read(cls, state: Path) -> "AccessKey":
        """The key of the rehearsal in this state folder; a CloudError where there is none."""
        try:
            held = json.loads(_file(state).read_text())
        except FileNotFoundError:
            raise CloudError(
                f"There is no access key in {state}. Run `make down`, then `make up`: it makes a new one."
            ) from None
        return cls(id=held["AccessKeyId"], secret=held["SecretAccessKey"])

    @classmethod
    def is_kept(cls, state: Path) -> bool:
        """Whether this folder has a key."""
        return _file(state).exists()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> "AccessKey":
        """The key in an environment that `make env` made."""
        return cls(id=environment["AWS_ACCESS_KEY_ID"], secret=environment["AWS_SECRET_ACCESS_KEY"])

    def environment(self) -> dict[str, str]:
        """The variables in which every AWS client looks for a key."""
        return {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": self.secret}


def _file(state: Path) -> Path:
    return state / "access-key.json"


def _new_id() -> str:
    return "AKIA" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(16))


def _new_secret() -> str:
    return "".join(secrets.choice(_SECRET_CHARACTERS) for _ in range(40))
