"""How much storage a database has left, which RDS tells CloudWatch and not PostgreSQL."""

from datetime import UTC, datetime, timedelta

from components.gates.aws_api import AwsApi

WINDOW = timedelta(minutes=15)
"""RDS reports every minute; a quarter of an hour bridges a gap."""


def free_storage(api: AwsApi, identifier: str) -> int | None:
    """Bytes, the newest `FreeStorageSpace` of a DB instance; None while a new one has not reported yet."""
    now = datetime.now(UTC)
    answer = api.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="FreeStorageSpace",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": identifier}],
        StartTime=now - WINDOW,
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Minimum"],
    )
    newest = max(answer.get("Datapoints", []), key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else int(newest["Minimum"])
