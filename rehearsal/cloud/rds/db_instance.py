"""A DB instance: a PostgreSQL server, its standby and its log stand behind it."""

import logging
import shutil
from itertools import count
from pathlib import Path
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError

from rehearsal.cloud.body import CloudContext, StatusRow
from rehearsal.cloud.rds.db_snapshots import Snapshots
from rehearsal.cloud.rds.exported_log import ExportedLog
from rehearsal.cloud.rds.moto_patches import (
    group_parameters,
    instance_class,
    master_password,
    other_zone,
)
from rehearsal.cloud.rds.parameters import ServerParameters, changed, merge, settings
from rehearsal.cloud.rds.postgres import PostgresServer
from rehearsal.cloud.rds.postgres_installation import installation_for
from rehearsal.cloud.rds.standby import Standby
from rehearsal.cloud.rds.storage_metric import StorageMetric
from rehearsal.processes import Child

_BOOT_ATTEMPTS = 5  # a killed server's memory may be in use for a moment
_LOG_LINES = 5  # of a server that would not start, shown in the cloud's log
log = logging.getLogger(__name__)


class DbInstance:
    """One DB instance: moto's record of what is wanted, and the server that is."""

    def __init__(self, instance: Any, context: CloudContext, folder: Path, snapshots: Snapshots) -> None:
        self._instance, self._snapshots = instance, snapshots
        self._installation = installation_for(instance.engine_version)
        self.server = PostgresServer(
            folder, context, self._installation, address=context.addresses.take(), port=int(instance.port)
        )
        self._context, self._folder = context, folder
        self._standby: Standby | None = None
        self._standbys = count(1)
        self._initdb: Child | None = None
        self._booting = False
        self._failed_boots = 0
        self._bootstrapped = False
        self._failed_over = False
        self._log = ExportedLog(instance, self.server.log)
        self._storage = StorageMetric(instance, folder)
        self._password = master_password(instance)
        self._remember_what_it_boots_with()
        log.info(
            "DB instance %s (engine version %s): PostgreSQL %s at %s:%s",
            *(instance.db_instance_identifier, instance.engine_version, self._installation.major),
            *(self.server.address, self.server.port),
        )
        if instance.engine_version.split(".")[0] != str(self._installation.major):
            log.warning(
                "DB instance %s: engine version %s was asked for, which its description says;"
                " PostgreSQL %s runs, since this machine has no other",
                *(instance.db_instance_identifier, instance.engine_version, self._installation.major),
            )

    def rows(self) -> list[StatusRow]:
        """Its server, and its standby where it has one."""
        servers = [("DB instance", self.server, self._instance.status)]
        if self._standby:
            servers.append(("DB standby", self._standby.server, self._standby.state))
        name = self._instance.db_instance_identifier
        return [
            StatusRow(
                kind=kind, name=name, address=f"{server.address}:{server.port}", pid=server.pid, state=state
            )
            for kind, server, state in servers
        ]

    def reconcile(self) -> None:
        """One step of the instance's life; its status says which."""
        self._log.forward()
        try:
            self._step()
        except (DatabaseError, InterfaceError, OSError) as error:
            if isinstance(error, DatabaseError) and not self._bootstrapped:
                self._booting = False
                self._fail("failed", str(error))
                return
            # The server died under our hands; the next step sees that and starts it again.
            log.warning("DB instance %s: %s", self._instance.db_instance_identifier, error)

    def _step(self) -> None:
        if self._booting:
            self._see_whether_it_booted()
            return
        if self.server.pid and self._instance.availability_zone in self._context.zones.lost:
            self._lose_zone()
            return
        match self._instance.status:
            case "creating":
                self._create()
            case "rebooting" if self._instance.failover_wanted and self.server.pid:
                self._fail_over()
            case "stopping":
                self.stop()
                self._instance.status = "stopped"
            case _ if self._instance.availability_zone in self._context.zones.lost:
                return  # until it comes back
            case "starting" | "rebooting":
                self.server.stop()
                self._boot()
            case "available" | "modifying" if self.server.pid is None:
                log.warning("DB instance %s died; it is restarted", self._instance.db_instance_identifier)
                self._instance.status = "rebooting"
            case "available" | "modifying":
                self._storage.report()
                self._apply_changes()
                self._match_standby()
                self._snapshots.take(self._instance, self.server)
            case "incompatible-parameters" if self._wanted() != self._running:
                self._instance.status = "rebooting"

    def delete(self) -> None:
        """End the servers and remove their data, but for what the final snapshot keeps."""
        try:
            self.stop()
            self._snapshots.keep(self._instance, self.server)
        except OSError as error:
            log.warning("DB instance %s: %s", self._instance.db_instance_identifier, error)
        shutil.rmtree(self._folder, ignore_errors=True)  # a killed server's last files may come meanwhile

    def stop(self) -> None:
        """End the servers; there is a new standby when the instance is started again."""
        self.server.stop()
        self._drop_standby()

    def _create(self) -> None:
        if self._initdb is None and (snapshot := self._instance.restored_from):
            self._initdb = self.server.restore(self._snapshots.folder_of(snapshot))
            self._bootstrapped = True
        elif self._initdb is None:
            self._initdb = self.server.initialize()
        elif self._initdb.exit_status == 0:
            self._boot()
        elif self._initdb.exit_status is not None:
            self._fail("failed", "its data could not be made")

    def _boot(self) -> None:
        self._remember_what_it_boots_with()
        self.server.port = int(self._instance.port)
        if self._standby:
            self._standby.restart()
        for name, value in self._running.without_body.items():
            log.info("parameter %s=%s has no body: it changes nothing in rehearsal", name, value)
        self.server.start(self._running)
        self._booting = True

    def _remember_what_it_boots_with(self) -> None:
        self._running = self._wanted()
        self._booted_with = self._hardware()
        self._booted_group = self._instance.db_parameter_group_name

    def _see_whether_it_booted(self) -> None:
        if self.server.ready:
            self._finish_boot()
            self._booting, self._failed_boots = False, 0
        elif self.server.pid is None and self._failed_boots < _BOOT_ATTEMPTS:
            self._failed_boots += 1
            self.server.start(self._running)
        elif self.server.pid is None:
            self._booting, self._failed_boots = False, 0
            self._fail("incompatible-parameters", "it does not start")

    def _finish_boot(self) -> None:
        instance = self._instance
        if not self._bootstrapped:
            self.server.bootstrap(
                master=instance.master_username, password=self._password, database=instance.db_name
            )
            self._bootstrapped = True
        else:
            instance.add_event("FAILOVER_COMPLETED" if self._failed_over else "RESTARTED")
        instance.failover_wanted = self._failed_over = False
        instance.body_address = self.server.address
        instance.parameter_apply_status = "in-sync"
        instance.status = "available"

    def _lose_zone(self) -> None:
        """A standby that is in sync takes over; without one there is no database until the zone is back."""
        if self._standby and self._standby.in_sync:
            self._instance.failover_wanted, self._instance.status = True, "rebooting"
            self._fail_over()
        else:
            self.server.kill()

    def _match_standby(self) -> None:
        """Give a Multi-AZ instance its standby, move that one step on, replace a lost one."""
        lost = self._standby and (self._standby.lost or self._standby.zone in self._context.zones.lost)
        if self._standby and (lost or not self._instance.multi_az):
            if lost:
                log.warning("DB instance %s lost its standby", self._instance.db_instance_identifier)
                self._standby.server.kill()
            self._drop_standby()
            self.server.reload(self._running)
        zone = other_zone(self._instance, self._context.zones.lost)
        if self._standby is None and self._instance.multi_az and zone:
            folder = self._folder.with_name(f"{self._folder.name}-standby-{next(self._standbys)}")
            self._standby = Standby(folder, self._context, self._installation, self.server, zone)
        if self._standby:
            self._standby.step(self._running)
            if self._standby.in_sync:
                self._instance.secondary_availability_zone = self._standby.zone

    def _drop_standby(self) -> None:
        if self._standby:
            self._standby.end()
            self._standby.remove_data()
            self._standby = None
            self._instance.secondary_availability_zone = None

    def _fail_over(self) -> None:
        """Lose the primary; the standby takes over its endpoint. One that still copies can do so soon."""
        self._match_standby()
        if not self._standby or not self._standby.in_sync:
            return
        instance, standby = self._instance, self._standby
        instance.add_event("FAILOVER_STARTED")
        self.server.kill()
        instance.availability_zone = instance.secondary_availability_zone
        standby.end()
        self.server.take_over(standby.server)
        self._failed_over = True
        self._drop_standby()
        log.info(
            "DB instance %s: its standby in %s takes over",
            *(instance.db_instance_identifier, instance.availability_zone),
        )
        self._boot()

    def _apply_changes(self) -> None:
        instance = self._instance
        if self._hardware() != self._booted_with:
            instance.status = "rebooting"
            return
        password = master_password(instance)
        if password != self._password:
            self.server.set_password(instance.master_username, password)
            self._password = password
        self._apply_parameters()
        if instance.status == "modifying":
            instance.status = "available"

    def _apply_parameters(self) -> None:
        wanted, running = self._wanted(), self._running
        waiting = changed(wanted, running) & self._static_parameters()
        at_once = changed(wanted, running) - waiting
        if at_once or wanted.force_ssl != running.force_ssl:
            self._running = merge(running, wanted, at_once)
            self.server.reload(self._running)
        self._instance.parameter_apply_status = "pending-reboot" if waiting else "in-sync"

    def _static_parameters(self) -> frozenset[str]:
        """Those that wait for a reboot: PostgreSQL's own, those the user said so of, all of a new group."""
        group = group_parameters(self._instance)
        if self._instance.db_parameter_group_name != self._booted_group:
            return frozenset(self._wanted().postgres) | frozenset(self._running.postgres)
        postponed = {name for name, entry in group.items() if entry.get("ApplyMethod") == "pending-reboot"}
        return self._installation.static_parameters | postponed

    def _wanted(self) -> ServerParameters:
        group = {
            name: str(entry["ParameterValue"])
            for name, entry in group_parameters(self._instance).items()
            if entry.get("ParameterValue")
        }
        return settings(group, instance_class(self._instance), self._installation.parameters)

    def _hardware(self) -> tuple[str, int]:
        return self._instance.db_instance_class, int(self._instance.port)

    def _fail(self, status: str, reason: str) -> None:
        self._instance.status = status
        tail = self.server.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        name = self._instance.db_instance_identifier
        log.error("DB instance %s is %s: %s\n%s", name, status, reason, "\n".join(tail))
