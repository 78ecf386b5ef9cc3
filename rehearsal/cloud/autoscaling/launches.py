"""The launches of an Auto Scaling group: in which zone, spot or on demand, told as activities."""

import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any

from moto.autoscaling.models import Activity
from moto.core.exceptions import ServiceException

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.lifecycle import Member, finish
from rehearsal.cloud.autoscaling.scaling_group import Configuration, is_spot_next, run_instance, subnets_of
from rehearsal.cloud.ec2.moto_patches import InsufficientInstanceCapacity

RETRY = 5.0
"""Seconds between a launch that failed and the next one; AWS names no figure."""
WITHOUT_CAPACITY = 10.0
"""Seconds until a zone that had no capacity is tried again; nor here."""
_ACTIVITIES = 300  # of a group; AWS keeps those of six weeks
log = logging.getLogger(__name__)


class Launches:
    """Launches servers for one group, and keeps its activities."""

    def __init__(self, group: Any) -> None:
        self._group = group
        self._not_before = 0.0
        self._no_capacity_until: dict[str, float] = {}

    @property
    def paused(self) -> bool:
        """Whether a launch failed just now."""
        return clock.monotonic() < self._not_before

    def begin_activity(self, description: str, cause: str) -> Any:
        """An activity that is in progress."""
        activity: Any = Activity(description, cause, self._group)
        activity.end_time = activity.status_message = None
        self._group.activities.append(activity)
        del self._group.activities[:-_ACTIVITIES]
        return activity

    def failed(self, activity: Any, reason: str) -> None:
        """The next one has to wait a little."""
        log.warning("group %s: %s", self._group.name, reason)
        finish(activity, "Failed", reason)
        self._not_before = clock.monotonic() + RETRY

    def launch(
        self, launched_with: Configuration, cause: str, *, lasting: Iterable[Member], all_: Iterable[Member]
    ) -> Member | None:
        """One more beside those that last, in the zone with the fewest; None where none could be launched."""
        lasting = list(lasting)
        spot = sum(member.instance.lifecycle == "spot" for member in lasting)
        is_spot = is_spot_next(self._group, on_demand=len(lasting) - spot, spot=spot)
        for subnet in self._by_need(lasting, list(all_)):
            activity = self.begin_activity("Launching a new EC2 instance", cause)
            try:
                instance = run_instance(self._group, launched_with, subnet=subnet, spot=is_spot)
            except InsufficientInstanceCapacity as error:
                self.failed(activity, str(error))
                self._no_capacity_until[subnet or ""] = clock.monotonic() + WITHOUT_CAPACITY
                continue
            except ServiceException as error:
                self.failed(activity, f"cannot launch: {error}")
                return None
            activity.description = f"Launching a new EC2 instance: {instance.id}"
            self._not_before = 0.0
            return Member(instance, self._group, launched_with, activity)
        self._not_before = clock.monotonic() + RETRY
        return None

    def _by_need(self, lasting: list[Member], all_: list[Member]) -> list[str | None]:
        """The subnets that may have capacity, the one with the fewest servers first."""
        now = clock.monotonic()
        subnets = subnets_of(self._group)
        known = [subnet for subnet in subnets if self._no_capacity_until.get(subnet, 0) < now]
        of_lasting = Counter(member.instance.subnet_id for member in lasting)
        of_all = Counter(member.instance.subnet_id for member in all_)
        by_servers = sorted(known, key=lambda subnet: (of_lasting[subnet], of_all[subnet]))
        return [*by_servers] if subnets else [None]
