"""How the cloud fills in what moto lacks."""

from typing import Any


def patch(owner: type, **members: Any) -> None:
    """Add methods and properties to one of moto's classes, or replace them.

    An action of a response class is named as moto would name it: TestFailover is `test_failover`.
    """
    for name, member in members.items():
        setattr(owner, name, member)
