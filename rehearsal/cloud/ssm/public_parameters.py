"""AWS' own parameters below `/aws/`: everybody reads them, and nobody else deletes one.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
"""

from typing import Any

from moto.ssm.exceptions import ParameterNotFound
from moto.ssm.models import SimpleSystemManagerBackend

from rehearsal.cloud.moto_patch import patch

_PREFIX = "/aws/"
_delete_one: Any = SimpleSystemManagerBackend.delete_parameter
_delete_several: Any = SimpleSystemManagerBackend.delete_parameters


def patch_moto() -> None:
    """To who deletes parameters of an account, these are not there; once a process."""
    patch(SimpleSystemManagerBackend, delete_parameter=_delete, delete_parameters=_delete_all)


def _delete(backend: SimpleSystemManagerBackend, name: str) -> None:
    if name.startswith(_PREFIX):
        raise ParameterNotFound(f"Parameter {name} not found.")
    _delete_one(backend, name)


def _delete_all(backend: SimpleSystemManagerBackend, names: list[str]) -> list[str]:
    deleted: list[str] = _delete_several(backend, [name for name in names if not name.startswith(_PREFIX)])
    return deleted
