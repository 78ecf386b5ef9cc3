"""RDS: a PostgreSQL server stands behind each DB instance whose engine is `postgres`."""

from functools import partial
from typing import Any

from moto.rds.models import DBInstance, rds_backends

from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import CloudContext, StatusRow, every
from rehearsal.cloud.rds import db_snapshots
from rehearsal.cloud.rds.db_instance import DbInstance
from rehearsal.cloud.rds.db_snapshots import Snapshots
from rehearsal.cloud.rds.moto_patches import (
    patch_moto,
)


class Databases:
    """The body of RDS."""

    def __init__(self, context: CloudContext) -> None:
        patch_moto()
        db_snapshots.patch_moto()
        self._context = context
        self._folder = context.folder("rds")
        self._snapshots = Snapshots(context.folder("rds-snapshots"))
        self._databases: dict[DBInstance, DbInstance] = {}
        self._attempts = Attempts()

    def reconcile(self) -> None:
        """Give new instances a server, end those of deleted ones, move each one step on."""
        wanted = [
            instance
            for backend in every(rds_backends)
            for instance in list(backend.databases.values())
            if instance.engine == "postgres"
        ]
        for instance in self._databases.keys() - set(wanted):
            self._databases.pop(instance).delete()
        self._snapshots.forget_deleted()
        for instance in wanted:
            self._attempts.step(instance.arn, partial(self._reconcile, instance))

    def rows(self) -> list[StatusRow]:
        """One row an instance, and one a standby."""
        return [row for database in self._databases.values() for row in database.rows()]

    def _reconcile(self, instance: Any) -> None:
        if instance not in self._databases:
            folder = self._folder / instance.dbi_resource_id
            self._databases[instance] = DbInstance(instance, self._context, folder, self._snapshots)
        self._databases[instance].reconcile()

    def stop(self) -> None:
        """Shut every server down."""
        for database in self._databases.values():
            database.stop()
