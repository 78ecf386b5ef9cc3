"""A server's own last words, from CloudWatch Logs: it may be gone when one asks why."""

import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LINES = 20
ENOUGH = 10 * LINES
"""Lines of a stream that are read: the reason may stand before what the app still said."""
WIDTH = 200
"""Characters of a line that are shown."""
PATIENCE = 15.0
"""Seconds in which logs arrive."""
POLL = 1.0
GIVING_UP = "giving up: "
"""What the boot script says before the reason."""


def last_words(logs: Any, *, log_group: str, instance: str) -> str:
    """The reason why a server gave up, the last lines of its logs, and where the rest is."""
    deadline = time.monotonic() + PATIENCE
    try:
        while not (boot := tail(logs, log_group, f"{instance}/boot")) and time.monotonic() < deadline:
            time.sleep(POLL)
        app = tail(logs, log_group, f"{instance}/app")
    except (BotoCoreError, ClientError) as error:
        return f"The logs of {instance} in {log_group} can't be read: {error}"
    return report(instance, log_group=log_group, boot=boot, app=app)


def report(instance: str, *, log_group: str, boot: Sequence[str], app: Sequence[str]) -> str:
    """A paragraph: what the server said of itself."""
    if not boot and not app:
        return f"{instance} left no log in {log_group}: it did not get as far as its boot script."
    reason = next((line.partition(GIVING_UP)[2] for line in boot if GIVING_UP in line), None)
    lines = [f"{instance} gave up: {reason}"] if reason else []
    for name, stream in (("boot", boot), ("app", app)):
        if stream:
            lines += [f"The end of {instance}/{name}:", *(f"  {line[:WIDTH]}" for line in stream[-LINES:])]
    lines.append(f"All of it: aws logs tail {log_group} --log-stream-name-prefix {instance}/ --since 1d")
    return "\n".join(lines)


def tail(logs: Any, log_group: str, stream: str) -> list[str]:
    """A stream's last lines; none when it does not exist."""
    lines: list[str] = []
    token: dict[str, str] = {}
    try:
        # A page may be short, or empty: only the first answers with the token that it was asked for.
        while len(lines) < ENOUGH:
            page = logs.get_log_events(
                logGroupName=log_group, logStreamName=stream, limit=ENOUGH, startFromHead=False, **token
            )
            events = page.get("events", [])
            lines = [
                line for event in events for line in event["message"].splitlines() if line.strip()
            ] + lines
            before, token = token, {"nextToken": page["nextBackwardToken"]}
            if token == before:
                break
    except logs.exceptions.ResourceNotFoundException:
        return []
    return lines
