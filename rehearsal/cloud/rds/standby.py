"""The standby of a Multi-AZ instance: a second PostgreSQL that has each commit before it is acknowledged.

RDS copies the storage and this copies the WAL. What a client sees is the same, but for a row in
`pg_stat_replication`, where RDS shows none.
"""

import shutil
import time
from pathlib import Path

from rehearsal.cloud.body import CloudContext
from rehearsal.cloud.rds.parameters import ServerParameters
from rehearsal.cloud.rds.postgres import PostgresServer
from rehearsal.cloud.rds.postgres_installation import Installation

_LOOK_PAUSE = 1.0  # seconds between two questions of the primary, each a connection of its own


class Standby:
    """First it copies its primary's data, then it streams, then commits wait for it."""

    def __init__(
        self,
        folder: Path,
        context: CloudContext,
        installation: Installation,
        primary: PostgresServer,
        zone: str,
    ) -> None:
        self._folder, self._primary, self.zone = folder, primary, zone
        self.server = PostgresServer(folder, context, installation, context.addresses.take(), primary.port)
        self._copy = self.server.copy(primary)
        self._started = False
        self._next_look = 0.0
        self.in_sync = False
        """Whether it may take over: nothing that is acknowledged can be missing."""

    @property
    def lost(self) -> bool:
        """Whether its copy failed or its process died: it must be made again."""
        return self._copy.exit_status not in (None, 0) or (self._started and self.server.pid is None)

    @property
    def state(self) -> str:
        """As the status page shows it: `copying`, `catching up`, then `in sync`."""
        if self._copy.exit_status is None:
            return "copying"
        return "in sync" if self.in_sync else "catching up"

    def step(self, settings: ServerParameters) -> None:
        """One step toward synchrony; the primary, which accepts connections, runs with these settings."""
        if self._copy.exit_status is None:
            return
        if not self._started:
            self.server.start(settings)
            self._started = True
        elif not self.in_sync and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_PAUSE
            if self._primary.is_followed():
                self.in_sync = self._primary.waits_for_standby
                self._primary.waits_for_standby = True
                self._primary.reload(settings)

    def restart(self) -> None:
        """Begin again to stream, after the primary was started again, perhaps at another port."""
        self.in_sync = self._primary.waits_for_standby = False
        if self._started:
            self.server.stop()
            self._started = False

    def end(self) -> None:
        """End it; the primary is told by whoever lets it go on alone."""
        self.in_sync = self._primary.waits_for_standby = False
        self.server.stop()

    def remove_data(self) -> None:
        """Delete its copy of the primary; whatever cannot be deleted stays."""
        shutil.rmtree(self._folder, ignore_errors=True)  # a killed server's last files may come meanwhile
