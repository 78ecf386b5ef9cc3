"""What moto's CloudWatch Logs lacks: it makes metrics of events that have some in them, whoever puts them."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from rehearsal.cloud.cloudwatch import moto_patches
from rehearsal.cloud.cloudwatch.embedded_metrics import EmbeddedMetric, InvalidDocumentError, embedded_metrics
from rehearsal.cloud.moto_patch import patch

_put_log_events = LogsBackend.put_log_events
_create_log_group, _describe_log_group = LogsResponse.create_log_group, LogGroup.to_describe_dict
_DEFAULT_CLASS = "STANDARD"
log = logging.getLogger(__name__)


def patch_moto() -> None:
    """Replace; once a process."""
    patch(LogsBackend, put_log_events=_put_and_extract)
    patch(LogsResponse, create_log_group=_create_of_a_class)
    patch(LogGroup, log_group_class=_DEFAULT_CLASS, to_describe_dict=_describe_with_class)


def _create_of_a_class(response: Any) -> str:
    answer: str = _create_log_group(response)
    group = response.logs_backend.groups[response._get_param("logGroupName")]
    group.log_group_class = response._get_param("logGroupClass") or _DEFAULT_CLASS
    return answer


def _describe_with_class(group: Any) -> dict[str, Any]:
    return {**_describe_log_group(group), "logGroupClass": group.log_group_class}


def _put_and_extract(
    backend: Any, log_group_name: str, log_stream_name: str, log_events: Sequence[dict[str, Any]]
) -> Any:
    answer = _put_log_events(backend, log_group_name, log_stream_name, list(log_events))
    for event in log_events:
        try:
            for metric in embedded_metrics(event["message"]):
                _publish(backend, metric)
        except InvalidDocumentError as error:
            log.warning("%s %s: metrics that can't be read: %s", log_group_name, log_stream_name, error)
    return answer


def _publish(backend: Any, metric: EmbeddedMetric) -> None:
    if not metric.values:
        return
    moto_patches.put_values(
        cloudwatch_backends[backend.account_id][backend.region_name],
        metric.namespace,
        {
            "MetricName": metric.name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions.items()],
            "Unit": metric.unit,
            "Timestamp": datetime.fromtimestamp(metric.time, UTC).replace(tzinfo=None),
        },
        Counter(metric.values),
    )
