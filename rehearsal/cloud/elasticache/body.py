"""ElastiCache: a Redis primary, its replicas and two endpoints stand behind each replication group."""

import secrets
from functools import partial
from typing import Any

from moto.elasticache.models import elasticache_backends

from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import CloudContext, StatusRow, every
from rehearsal.cloud.elasticache.moto_patches import patch_moto
from rehearsal.cloud.elasticache.parameter_groups import parameter_values
from rehearsal.cloud.elasticache.replication_group import RunningReplicationGroup


class Stores:
    """The body of ElastiCache."""

    def __init__(self, context: CloudContext) -> None:
        patch_moto()
        self._context = context
        self._folder = context.folder("elasticache")
        self._snapshots = context.folder("elasticache-snapshots")
        self._groups: dict[Any, RunningReplicationGroup] = {}
        self._attempts = Attempts()

    def reconcile(self) -> None:
        """Give new groups their servers, end those of deleted ones, move each one step on."""
        for backend in every(elasticache_backends):
            for group in list(backend.replication_groups.values()):
                self._attempts.step(group.arn, partial(self._reconcile, backend, group))

    def rows(self) -> list[StatusRow]:
        """One row an endpoint, one a server."""
        return [row for group in self._groups.values() for row in group.rows()]

    def stop(self) -> None:
        """End every server."""
        for group in self._groups.values():
            group.stop()

    def _reconcile(self, backend: Any, group: Any) -> None:
        if group.status == "deleting":
            self._delete(group)
            del backend.replication_groups[group.replication_group_id]
        else:
            self._body_of(group).reconcile(parameter_values(backend, group.cache_parameter_group_name))

    def _body_of(self, group: Any) -> "RunningReplicationGroup":
        if group not in self._groups:
            folder = self._folder / f"{group.replication_group_id}-{secrets.token_hex(4)}"
            self._groups[group] = RunningReplicationGroup(group, self._context, folder)
        return self._groups[group]

    def _delete(self, group: Any) -> None:
        if body := self._groups.pop(group, None):
            body.stop()
            if group.final_snapshot:
                body.leave_data(self._snapshots / group.final_snapshot)
            body.remove_data()
