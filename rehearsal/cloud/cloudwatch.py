"""What moto's CloudWatch lacks: PutCompositeAlarm.

moto keeps an alarm's rule and lists alarms that have one as composite, but forgot the action that makes one.
"""

from moto.cloudwatch.responses import CloudWatchResponse

from rehearsal.cloud.mending import mend


def mend_moto() -> None:
    """Add the action; once a process."""
    mend(CloudWatchResponse, put_composite_alarm=CloudWatchResponse.put_metric_alarm)
