"""The contract of a service's body: what it is given and what it must implement.

A body stands behind one AWS service: rds.py, elasticache.py, ec2.py, … It is made once with the
`CloudContext`, adds to moto's classes (moto_patch.py) whatever actions and fields are missing, and is then
driven by the main thread. moto's backends hold what is wanted; the body makes processes match it and writes
back what became of them (status, endpoint). Its class is listed in `_bodies` of __main__.py.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rehearsal.cloud.addresses import Addresses
from rehearsal.cloud.certificates import CertificateAuthority
from rehearsal.cloud.ec2.zones import Zones
from rehearsal.isolation.isolation import Isolation
from rehearsal.processes import UnprivilegedUser


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudContext:
    """What every body is given: where the cloud lives, and what its servers share."""

    state_dir: Path
    endpoint: str
    """The cloud's own API, e.g. `http://127.0.0.1:4577`; also what servers and tasks call."""
    addresses: Addresses
    authority: CertificateAuthority
    isolation: Isolation
    user: UnprivilegedUser | None
    """Whom servers that refuse root run as; None when the cloud itself is not root."""
    zones: Zones = field(default_factory=Zones)
    """Which availability zones are there."""
    check_pace: int = 1
    """How many times as often as its target group says the health of a target is checked."""

    def folder(self, name: str) -> Path:
        """An empty folder of that name below the state folder; what a crashed cloud left there is removed."""
        folder = self.state_dir / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def as_user(self, folder: Path) -> list[str]:
        """The words before a command that runs as `user`; of the state folder it sees only this one."""
        return self.isolation.store(self.user, folder, shown=(self.authority.path,))


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusRow:
    """One line of "what runs where" (`GET /_evenkeel/status`)."""

    kind: str
    """What it stands for, in AWS's words: `DB instance`, `replication group member`, `EC2 instance`, …"""
    name: str
    address: str
    """`host:port`, or the host alone; empty when it does not listen."""
    pid: int | None
    state: str


class Body(Protocol):
    """What the main loop calls; always the main thread, so that children may be spawned in any of the three.

    API calls are answered in other threads meanwhile: look at moto's dicts through `list(…)`, and let an
    added action only note what is wanted. Take each resource's step through `Attempts`: what it raises is
    logged, the step is tried again, and the others go on. Catch what is a user's mistake or a process'
    failure, and show it in the resource's own status.
    """

    def reconcile(self) -> None:
        """One step toward what moto's backend wants; every 0.2 s, and in much less than that."""

    def rows(self) -> list[StatusRow]:
        """What runs now."""

    def stop(self) -> None:
        """End every process of this body, within seconds. Bodies stop in the reverse of their order."""


def every(backends: Any) -> Iterable[Any]:
    """Each backend of a moto `BackendDict` that exists so far, of any account and region."""
    return [backend for regions in list(backends.values()) for backend in list(regions.values())]
