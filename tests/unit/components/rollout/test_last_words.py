"""A server's own last words."""

from typing import Any

from botocore.exceptions import ClientError

from components.rollout.last_words import LINES, WIDTH, last_words, report, tail


def test_the_reason_comes_first_and_the_rest_can_be_found() -> None:
    """Last lines of both streams, each cut at a width."""
    boot = [
        *(f"step {number}" for number in range(30)),
        "12:00:01 evenkeel: giving up: no /readyz",
        "x" * 500,
    ]
    lines = report("i-1", log_group="kit", boot=boot, app=["Error: no"]).splitlines()
    assert lines[:2] == ["i-1 gave up: no /readyz", "The end of i-1/boot:"]
    assert lines[LINES + 1] == "  " + "x" * WIDTH
    assert lines[LINES + 2 :] == [
        "The end of i-1/app:",
        "  Error: no",
        "All of it: aws logs tail kit --log-stream-name-prefix i-1/ --since 1d",
    ]


def test_a_server_without_a_log_is_told_from_one_that_says_nothing() -> None:
    """It never came as far."""
    assert report("i-1", log_group="kit", boot=[], app=[]) == (
        "i-1 left no log in kit: it did not get as far as its boot script."
    )


class DeniedLogs:
    """CloudWatch Logs, to someone who may not read them."""

    class exceptions:
        ResourceNotFoundException = FileNotFoundError

    def get_log_events(self, **_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetLogEvents")


def test_logs_that_cannot_be_read_do_not_hide_the_failure() -> None:
    """It is what the rollout has to tell."""
    told = last_words(DeniedLogs(), log_group="kit", instance="i-1")
    assert told.startswith("The logs of i-1 in kit can't be read: An error occurred (AccessDeniedException)")


class InPages:
    """CloudWatch Logs, an event a page and an empty page before it; the last page answers with its token."""

    class exceptions:
        ResourceNotFoundException = FileNotFoundError

    def __init__(self, *lines: str) -> None:
        self._pages = [page for line in reversed(lines) for page in ([], [{"message": line}])]

    def get_log_events(self, nextToken: str = "0", **_: Any) -> dict[str, Any]:
        at = int(nextToken)
        return {
            "events": self._pages[at] if at < len(self._pages) else [],
            "nextBackwardToken": str(min(at + 1, len(self._pages))),
        }


def test_a_short_page_is_not_the_end_of_a_log() -> None:
    """Source: GetLogEvents: partly full or empty pages do not mean that there is no more."""
    assert tail(InPages("first", "second", "third"), "kit", "i-1/boot") == ["first", "second", "third"]
