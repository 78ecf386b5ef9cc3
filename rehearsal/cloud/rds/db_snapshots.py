"""DB snapshots: each holds the data of its instance, and an instance is restored from one.

A snapshot is `creating` until its data is in a folder of its own. Automated snapshots hold no data: none is
taken in rehearsal.
"""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.kms.models import kms_backends
from moto.rds.exceptions import DBSnapshotNotFoundFault, RDSClientError
from moto.rds.models import RDSBackend, rds_backends

from rehearsal.cloud.body import every
from rehearsal.cloud.moto_patch import patch
from rehearsal.cloud.rds.postgres import PostgresServer
from rehearsal.processes import Child

# What an instance that is restored has of the one that was saved, unless the request says otherwise. Source:
# RestoreDBInstanceFromDBSnapshot of the RDS API reference.
_SAVED = ("engine", "engine_version", "db_name", "db_instance_class", "storage_type", "iops")
log = logging.getLogger(__name__)

_create = RDSBackend.create_db_snapshot


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    patch(
        RDSBackend,
        create_db_snapshot=_create_without_data,
        restore_db_instance_from_db_snapshot=_restore,
    )


class Snapshots:
    """The data of all DB snapshots, below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._backups: dict[Any, Child] = {}

    def folder_of(self, snapshot: Any) -> Path:
        """Where its data is."""
        return self._folder / str(snapshot.body_id)

    def wanted(self, instance: Any) -> Iterator[Any]:
        """The instance's snapshots that have no data yet."""
        for snapshot in _snapshots():
            if snapshot.status == "creating" and snapshot.dbi_resource_id == instance.dbi_resource_id:
                yield snapshot

    def take(self, instance: Any, server: PostgresServer) -> None:
        """One step toward a copy of the running server's data, for one snapshot after another."""
        snapshot = next(self.wanted(instance), None)
        if snapshot is None:
            return
        if snapshot not in self._backups:
            self._backups[snapshot] = server.back_up()
        elif (status := self._backups[snapshot].exit_status) is not None:
            del self._backups[snapshot]
            if status == 0:
                server.leave_backup(self.folder_of(snapshot))
            self._finish(snapshot, "failed" if status else "available")

    def keep(self, instance: Any, server: PostgresServer) -> None:
        """Take the data of an ended server that is deleted as its newest snapshot, which is the final one.

        A copy for it may have begun: moto notes the snapshot before it deletes the instance.
        """
        wanted = list(self.wanted(instance))
        for snapshot in wanted:
            if backup := self._backups.pop(snapshot, None):
                backup.end(within=0)
        for snapshot in wanted[:-1]:
            self._finish(snapshot, "failed")
        for final in wanted[-1:]:
            try:
                server.leave_data(self.folder_of(final))
            except OSError as error:
                log.warning("DB snapshot %s: %s", final.db_snapshot_identifier, error)
                self._finish(final, "failed")
            else:
                self._finish(final, "available")

    def forget_deleted(self) -> None:
        """Remove the data of snapshots that are no more."""
        known = {snapshot.body_id for snapshot in _snapshots()}
        for folder in self._folder.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _finish(self, snapshot: Any, status: str) -> None:
        snapshot.status = status
        log.info("DB snapshot %s is %s", snapshot.db_snapshot_identifier, status)


def _snapshots() -> list[Any]:
    """Those of PostgreSQL that were asked for, not those that moto invents."""
    return [
        snapshot
        for backend in every(rds_backends)
        for snapshot in list(backend.database_snapshots.values())
        if hasattr(snapshot, "body_id")
    ]


def _create_without_data(backend: Any, *args: Any, **kwargs: Any) -> Any:
    snapshot: Any = _create(backend, *args, **kwargs)
    if snapshot.engine == "postgres" and snapshot.snapshot_type == "manual":
        snapshot.status = "creating"
        snapshot.body_id = f"{snapshot.dbi_resource_id}-{snapshot.db_snapshot_identifier}"
    return snapshot


def _restore(backend: Any, from_snapshot_id: str, overrides: dict[str, Any]) -> Any:
    found = backend.describe_db_snapshots(
        db_instance_identifier=None, db_snapshot_identifier=from_snapshot_id
    )
    if not from_snapshot_id or not found:
        raise DBSnapshotNotFoundFault(from_snapshot_id)
    (snapshot,) = found
    name = snapshot.db_snapshot_identifier
    if snapshot.status != "available" or not hasattr(snapshot, "body_id"):
        reason = snapshot.status if hasattr(snapshot, "body_id") else "without data in rehearsal"
        raise RDSClientError("InvalidDBSnapshotState", f"DB snapshot {name} is {reason}.")
    _check_key(backend, snapshot)
    saved = {name: getattr(snapshot.database, name) for name in _SAVED}
    asked = {key: value for key, value in overrides.items() if key != "db_snapshot_identifier"}
    return backend.create_db_instance(
        {
            **saved,
            "restored_from": snapshot,
            "allocated_storage": snapshot.allocated_storage,
            "kms_key_id": snapshot.kms_key_id,
            "master_username": snapshot.master_username,
            "master_user_password": snapshot.database._master_user_password,
            "port": snapshot.port,
            "storage_encrypted": snapshot.encrypted,
            **asked,
        }
    )


def _check_key(backend: Any, snapshot: Any) -> None:
    """A snapshot whose key is disabled or to be deleted can't be read."""
    if not snapshot.encrypted:
        return
    keys = kms_backends[backend.account_id][backend.region_name]
    state = keys.describe_key(snapshot.kms_key_id.rsplit("/", 1)[-1]).key_state
    if state != "Enabled":
        raise RDSClientError(
            "KMSKeyNotAccessibleFault",
            f"The key {snapshot.kms_key_id} of DB snapshot {snapshot.db_snapshot_identifier} is {state}.",
        )
