"""CloudWatch: metrics are published, alarms evaluated, and their actions done."""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from rehearsal.cloud import clock
from rehearsal.cloud.attempts import Attempts
from rehearsal.cloud.body import StatusRow, every
from rehearsal.cloud.cloudwatch import alarm_actions, logs_patches, moto_patches
from rehearsal.cloud.cloudwatch.alarm_evaluation import AlarmRule, State, evaluate
from rehearsal.cloud.cloudwatch.metrics import MeasuredResource, datapoints
from rehearsal.cloud.cloudwatch.moto_patches import samples, series_of

_PUBLISHED_EVERY = 10
"""Seconds. A minute's sums are those that AWS publishes, and alarms of 10 s see real datapoints too."""
_MINUTE = 60.0
_FORGET_EVERY = 600  # seconds
log = logging.getLogger(__name__)


class CloudWatch:
    """The body of CloudWatch. `sources` measure what the other services publish, since their last call."""

    def __init__(self, sources: Sequence[Callable[[], Iterable[MeasuredResource]]]) -> None:
        moto_patches.patch_moto()
        logs_patches.patch_moto()
        self._sources = sources
        self._published = clock.epoch() // _PUBLISHED_EVERY
        self._alarms: dict[Any, _Alarm] = {}
        self._attempts = Attempts()

    def reconcile(self) -> None:
        """Publish what is due, evaluate what is due, act on every changed state."""
        now = clock.epoch()
        slot = now // _PUBLISHED_EVERY
        if slot != self._published:
            began, self._published = self._published * _PUBLISHED_EVERY, slot
            self._attempts.step("metrics", lambda: self._publish(began, now))
        self._alarms = {
            record: self._alarms.get(record) or _Alarm(backend, record)
            for backend in every(cloudwatch_backends)
            for record in list(backend.alarms.values())
        }
        for record, alarm in self._alarms.items():
            self._attempts.step(record.alarm_arn, partial(alarm.reconcile, now))

    def rows(self) -> list[StatusRow]:
        """None: nothing runs here."""
        return []

    def stop(self) -> None:
        """Nothing runs here."""

    def _publish(self, began: float, now: float) -> None:
        timestamp = datetime.fromtimestamp(began, UTC).replace(tzinfo=None)
        for source in self._sources:
            for measured in source():
                cloudwatch_backends[measured.account][measured.region].put_metric_data(
                    measured.namespace, [{**datum, "Timestamp": timestamp} for datum in measured.data]
                )
        if now % _FORGET_EVERY < _PUBLISHED_EVERY:
            for backend in every(cloudwatch_backends):
                moto_patches.forget_old(backend, now)


class _Alarm:
    """One metric alarm."""

    def __init__(self, backend: Any, record: Any) -> None:
        self._backend = backend
        self._record = record
        self._period = int(record.period or 0)
        self._evaluated = -1.0
        self._acted_at = 0.0

    def reconcile(self, now: float) -> None:
        """One of whole minutes is evaluated each minute, one of seconds every ten, and a new one at once."""
        if self._period:
            turn = now // (_MINUTE if self._period >= _MINUTE else _PUBLISHED_EVERY)
            if turn != self._evaluated:
                self._evaluated = turn
                self._evaluate(now)
        self._act(now)

    def _evaluate(self, now: float) -> None:
        record = self._record
        periods = int(record.evaluation_periods)
        rule = AlarmRule(
            comparison=record.comparison_operator,
            threshold=float(record.threshold),
            evaluation_periods=periods,
            datapoints_to_alarm=int(record.datapoints_to_alarm or periods),
            treat_missing_data=record.treat_missing_data or "missing",
        )
        statistic = record.extended_statistic or record.statistic
        found = datapoints(
            samples(self._backend, series_of(record.namespace, record.metric_name, record.dimensions)),
            statistic,
            period=self._period,
            periods=rule.evaluation_range,
            until=now,
        )
        before: State = record.state_value
        verdict = evaluate(rule, found, before)
        if verdict.state != before:
            log.info("alarm %s: %s, was %s: %s", record.name, verdict.state, before, verdict.reason)
            data = {
                "version": "1.0",
                "queryDate": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
                "statistic": statistic,
                "period": self._period,
                "recentDatapoints": [value for value in found if value is not None][-periods:],
                "threshold": rule.threshold,
            }
            record.update_state(verdict.reason, json.dumps(data), verdict.state)

    def _act(self, now: float) -> None:
        """On a change; for Auto Scaling again every minute, as long as the state stays."""
        record = self._record
        before, state = record.acted_on, record.state_value
        if state == before and now - self._acted_at < _MINUTE:
            return
        self._acted_at, record.acted_on = now, state
        if record.actions_enabled:
            alarm_actions.act(self._backend, record, before=before)
