"""The ends of the rehearsal's logs: the cloud's and its servers' files, and what CloudWatch Logs holds."""

from collections.abc import Iterator

from rehearsal import daemon
from rehearsal.aws import client
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import CloudError

LINES = 40
"""How many of a log's last lines are shown."""


def show(rehearsal: Rehearsal, name: str) -> None:
    """Prints the end of each log whose name contains `name`."""
    if not rehearsal.log.exists():
        raise CloudError("No rehearsal runs here. `make up` starts one.")
    found = {title: end for title, end in ends(rehearsal) if name in title}
    if not found:
        known = "\n  ".join(title for title, _ in ends(rehearsal))
        raise CloudError(f"There is no log with '{name}' in its name. There are:\n  {known}")
    for title, end in found.items():
        print(f"── {title}\n{end}\n")


def ends(rehearsal: Rehearsal) -> Iterator[tuple[str, str]]:
    """Each log's name and its last lines."""
    for file in sorted(rehearsal.state.rglob("*.log")):
        if not file.is_relative_to(rehearsal.home) and file.is_file() and file.stat().st_size:
            yield str(file.relative_to(rehearsal.state)), daemon.last_lines(file, LINES)
    if daemon.find(rehearsal.state) is not None:
        yield from cloudwatch(rehearsal)


def cloudwatch(rehearsal: Rehearsal) -> Iterator[tuple[str, str]]:
    """Each stream of CloudWatch Logs and its last events."""
    logs = client(rehearsal, "logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
            place = {"logGroupName": group["logGroupName"], "logStreamName": stream["logStreamName"]}
            events = logs.get_log_events(**place, limit=LINES)["events"]
            title = f"{group['logGroupName']}/{stream['logStreamName']}"
            yield title, "\n".join(event["message"] for event in events)
