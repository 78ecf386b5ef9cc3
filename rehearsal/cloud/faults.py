"""Faults on demand: what AWS does to servers unasked, or what its Fault Injection Service does when asked.

`POST /_evenkeel/faults` with `{"action": …, "target": …}`. A request only notes what is to happen; the main
loop does it.
"""

import datetime
import json
import logging
from collections.abc import Callable

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import StateReason

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.replacement import REBALANCE
from rehearsal.cloud.body import StatusRow, every
from rehearsal.cloud.ec2.body import Instances
from rehearsal.cloud.ec2.zones import Zones
from rehearsal.cloud.iam.identities import Identities

_NOTICE = 120.0  # seconds between EC2's notice and the interruption of a spot instance
_TIME = "%Y-%m-%dT%H:%M:%SZ"
log = logging.getLogger(__name__)


class FaultError(ValueError):
    """No such fault, or nothing that it could happen to."""


class Faults:
    """The body of no service: what goes wrong."""

    def __init__(self, instances: Instances, zones: Zones, identities: Identities) -> None:
        self._instances = instances
        self._zones = zones
        self._identities = identities
        self._interruptions: dict[str, float] = {}
        self._losses: list[str] = []
        self._actions: dict[str, Callable[[str], None]] = {
            "spot-interruption": self._interrupt,
            "rebalance-recommendation": self._recommend,
            "instance-loss": self._lose_instance,
            "zone-loss": self._lose_zone,
            "zone-return": self._return_zone,
            "credentials-expiry": self._expire_key,
            "credentials-renewal": self._renew_key,
        }

    def inject(self, action: str, target: str) -> None:
        """Let it happen within a step of the main loop. Any thread may call. Raises FaultError."""
        if action not in self._actions:
            raise FaultError(f"there is no fault {action!r}; there are {', '.join(self._actions)}")
        log.warning("fault: %s of %s", action, target)
        self._actions[action](target)

    def reconcile(self) -> None:
        """Kill what is lost, and end the spot instances whose notice has run out."""
        while self._losses:
            self._instances.kill(self._losses.pop())
        now = clock.monotonic()
        for instance_id, due in list(self._interruptions.items()):
            if now >= due:
                del self._interruptions[instance_id]
                self._end(instance_id)

    def rows(self) -> list[StatusRow]:
        """One row per lost zone, and per expired key."""
        zones = [("availability zone", zone, "lost") for zone in sorted(self._zones.lost)]
        keys = [("access key", key_id, "expired") for key_id in sorted(self._identities.expired)]
        return [
            StatusRow(kind=kind, name=name, address="", pid=None, state=state)
            for kind, name, state in zones + keys
        ]

    def stop(self) -> None:
        """Nothing runs here."""

    def _interrupt(self, instance_id: str) -> None:
        """The notice, and the recommendation that comes with it.

        On-demand servers get it here too, so that any stack can rehearse what its servers would do.
        """
        self._recommend(instance_id)
        due = clock.now() + datetime.timedelta(seconds=_NOTICE)
        notice = {"action": "terminate", "time": due.strftime(_TIME)}
        given = self._instances.notices.setdefault(instance_id, {})
        given["spot/instance-action"] = json.dumps(notice)
        given["spot/termination-time"] = notice["time"]
        self._interruptions[instance_id] = clock.monotonic() + _NOTICE

    def _recommend(self, instance_id: str) -> None:
        self._check_runs(instance_id)
        now = clock.now().strftime(_TIME)
        given = self._instances.notices.setdefault(instance_id, {})
        given.setdefault(REBALANCE, json.dumps({"noticeTime": now}))

    def _lose_instance(self, instance_id: str) -> None:
        self._check_runs(instance_id)
        self._losses.append(instance_id)

    def _lose_zone(self, zone: str) -> None:
        known = {
            str(subnet.availability_zone)
            for backend in every(ec2_backends)
            for subnets in list(backend.subnets.values())
            for subnet in list(subnets.values())
        }
        if zone not in known:
            raise FaultError(
                f"no subnet is in a zone {zone!r}; there are {', '.join(sorted(known)) or 'none'}"
            )
        self._zones.lost.add(zone)

    def _return_zone(self, zone: str) -> None:
        if zone not in self._zones.lost:
            lost = ", ".join(sorted(self._zones.lost)) or "none"
            raise FaultError(f"the zone {zone!r} is not lost; lost are: {lost}")
        self._zones.lost.discard(zone)

    def _expire_key(self, key_id: str) -> None:
        """As credentials of IAM Identity Center do, or of an assumed role."""
        if not self._identities.is_of_user(key_id):
            raise FaultError(f"no user has the access key {key_id!r}; `make env` shows the deployer's")
        self._identities.expired.add(key_id)

    def _renew_key(self, key_id: str) -> None:
        if key_id not in self._identities.expired:
            raise FaultError(f"the access key {key_id!r} has not expired")
        self._identities.expired.discard(key_id)

    def _check_runs(self, instance_id: str) -> None:
        if self._instances.server(instance_id) is None:
            raise FaultError(f"no instance {instance_id!r} runs")

    def _end(self, instance_id: str) -> None:
        for backend in every(ec2_backends):
            instance = backend.get_instance_by_id(instance_id)
            if instance is not None and instance.state == "running":
                backend.terminate_instances([instance_id])
                code = "Server.SpotInstanceTermination"
                instance.state_reason = StateReason(f"{code}: Spot instance termination", code)
