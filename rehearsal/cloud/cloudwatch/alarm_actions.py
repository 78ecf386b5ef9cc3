"""What an alarm does when its state changes: a message to a topic, a scaling policy."""

import json
import logging
import threading
from datetime import UTC
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.sns.models import sns_backends

from rehearsal.cloud.autoscaling import scaling_policies
from rehearsal.cloud.cloudwatch.moto_patches import note

log = logging.getLogger(__name__)


def act(backend: Any, alarm: Any, *, before: str) -> None:
    """The actions of its state: topics are told of a change, scaling policies also that it lasts."""
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    for arn in actions[alarm.state_value] or []:
        if ":autoscaling:" in arn:
            groups = autoscaling_backends[backend.account_id][backend.region_name]
            scaling_policies.execute(groups, arn, alarm)
            continue
        if before == alarm.state_value:
            continue
        if ":sns:" in arn:
            # In a thread: a subscriber over HTTP may be slow.
            threading.Thread(target=_tell, args=(backend, alarm, arn, before), daemon=True).start()
        else:
            log.warning("alarm %s: the rehearsal has no action %s", alarm.name, arn)


def _tell(backend: Any, alarm: Any, arn: str, before: str) -> None:
    try:
        sns_backends[backend.account_id][backend.region_name].publish(
            json.dumps(message(backend, alarm, before)),
            arn,
            subject=f'{alarm.state_value}: "{alarm.name}"'[:99],
        )
        note(alarm, "Action", f"Successfully executed action {arn}", "{}")
    except Exception as error:  # whatever a subscriber does
        note(alarm, "Action", f"Failed to execute action {arn}", str(error))
        log.warning("alarm %s could not tell %s: %s", alarm.name, arn, error)


def message(backend: Any, alarm: Any, before: str) -> dict[str, Any]:
    """The notification's body, as CloudWatch writes it."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": backend.account_id,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": alarm.state_updated_timestamp.replace(tzinfo=UTC).isoformat(),
        "Region": backend.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "Statistic": alarm.extended_statistic or alarm.statistic,
            "Dimensions": [
                {"name": dimension.name, "value": dimension.value} for dimension in alarm.dimensions
            ],
            "Period": alarm.period,
            "EvaluationPeriods": alarm.evaluation_periods,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.treat_missing_data,
        },
    }
