"""EC2: a server stands behind each instance."""

import logging
import time
from functools import partial
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import StateReason

from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import CloudContext, StatusRow, every
from rehearsal.cloud.cloudwatch.cloudwatch_agent import CloudWatchAgent
from rehearsal.cloud.ec2 import descriptions, moto_patches
from rehearsal.cloud.ec2.cloud_init import UserDataRefusedError, to_script, unpack
from rehearsal.cloud.ec2.imds import MetadataServer
from rehearsal.cloud.ec2.metadata import InstanceMetadata
from rehearsal.cloud.ec2.server import InstanceServer
from rehearsal.cloud.peer import comes_from
from rehearsal.processes import end_all

_SHUTDOWN = 300  # seconds until a server that does not shut down is cut off
log = logging.getLogger(__name__)


class Instances:
    """The body of EC2 instances."""

    def __init__(self, context: CloudContext) -> None:
        descriptions.patch_moto()
        moto_patches.patch_moto(context.addresses, context.zones, self._console)
        self._context = context
        self._folder = context.folder("ec2")
        self._machines: dict[str, _Machine] = {}
        self._attempts = Attempts()
        self.zones = context.zones
        self.lifecycle_states: dict[str, str] = {}
        """What Auto Scaling wants of its instances, for their metadata services."""
        self.notices: dict[str, dict[str, str]] = {}
        """What EC2 tells instances beforehand: by id, then by path of their metadata services."""

    def reconcile(self) -> None:
        """Boot what is to run, end what is not to, and see what has ended by itself."""
        for backend in every(ec2_backends):
            for reservation in list(backend.reservations.values()):
                for instance in reservation.instances:
                    self._attempts.step(instance.id, partial(self._reconcile, instance))

    def server(self, instance_id: str) -> InstanceServer | None:
        """The running server of an instance."""
        machine = self._machines.get(instance_id)
        return machine.server if machine and machine.server.alive else None

    def kill(self, instance_id: str) -> None:
        """Its machine is lost: everything in it ends at once, without a word."""
        if machine := self._machines.get(instance_id):
            machine.server.namespace.end(within=0)

    def rows(self) -> list[StatusRow]:
        """One row an instance that has not gone."""
        return [machine.row() for machine in self._machines.values()]

    def stop(self) -> None:
        """Cut all of them off."""
        end_all([machine.server.namespace for machine in self._machines.values()], within=0)
        for machine in self._machines.values():
            machine.metadata_server.close()

    def _reconcile(self, instance: Any) -> None:
        machine = self._machines.get(instance.id)
        if machine is not None:
            machine.agent.forward()
        if machine is not None and instance.placement.zone in self.zones.lost:
            self.kill(instance.id)
        match instance.state:
            case "running" if machine is None:
                self._boot(instance)
            case "running" if machine and not machine.server.alive:
                log.warning("instance %s died: its init ended", instance.id)
                moto_patches.finish_termination(
                    instance,
                    StateReason("Server.InternalError: its init ended", "Server.InternalError"),
                )
                self._forget(instance)
            case "shutting-down" if machine is None or machine.has_shut_down():
                moto_patches.finish_termination(instance)
                self._forget(instance)
            case "stopping" if machine is None or machine.has_shut_down():
                moto_patches.finish_stop(instance)
                self._forget(instance)

    def _boot(self, instance: Any) -> None:
        try:
            boot = to_script(unpack(str(instance.user_data or "")))
        except UserDataRefusedError as error:
            log.error("instance %s does not boot: %s", instance.id, error)
            moto_patches.finish_termination(instance, StateReason(str(error), "Client.InvalidUserData"))
            return
        metadata = InstanceMetadata(instance, self.lifecycle_states.get, self.notices)
        self._machines[instance.id] = _Machine(instance, metadata, self._context, self._folder, boot=boot)

    def _forget(self, instance: Any) -> None:
        if machine := self._machines.pop(instance.id, None):
            machine.server.namespace.end(within=0)
            machine.agent.close()
            machine.metadata_server.close()
        self.notices.pop(instance.id, None)

    def _console(self, instance_id: str) -> str:
        console = self._folder / instance_id / "console.log"
        return console.read_text(errors="replace") if console.exists() else ""


class _Machine:
    """One instance: its server, and the metadata service that only it knows of."""

    def __init__(
        self, instance: Any, metadata: InstanceMetadata, context: CloudContext, folder: Path, *, boot: str
    ) -> None:
        self._instance = instance
        self._shutdown_began: float | None = None
        self.metadata_server = MetadataServer(
            context.addresses.take(),
            metadata.look_up,
            lambda connection: comes_from(connection, self.server.namespace.pid),
            tokens_required=instance.metadata_options.http_tokens == "required",
        )
        own_folder = folder / instance.id
        own_folder.mkdir(exist_ok=True)  # it is there when the instance was stopped and started
        self.server = InstanceServer(
            own_folder,
            context.isolation,
            boot=boot,
            environment={
                "AWS_ENDPOINT_URL": context.endpoint,
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata_server.endpoint,
                # A busy machine answers later than the second for which AWS's clients wait once.
                "AWS_METADATA_SERVICE_TIMEOUT": "10",
                "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "5",
            },
            log=own_folder / "server.log",
        )
        self.agent = CloudWatchAgent(
            self.server,
            instance_id=instance.id,
            account=instance.owner_id,
            region=instance.region_name,
        )
        log.info("instance %s boots at %s", instance.id, instance.private_ip_address)

    def row(self) -> StatusRow:
        instance = self._instance
        address = instance.private_ip_address
        return StatusRow(
            kind="EC2 instance", name=instance.id, address=address, pid=self.server.init, state=instance.state
        )

    def has_shut_down(self) -> bool:
        """Asks it to shut down, time and again since a server that is still booting hears nothing."""
        self._shutdown_began = self._shutdown_began or time.monotonic()
        self.server.shut_down()
        if time.monotonic() - self._shutdown_began > _SHUTDOWN:
            log.warning("instance %s did not shut down in %d s: cut off", self._instance.id, _SHUTDOWN)
            return True
        return not self.server.alive
