"""An ECS task is followed through an API that is eventually consistent, and a log that comes late."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.gates import ecs_task
from components.gates.ecs_task import Runner
from components.gates.gate import GateClosed
from tests.unit.components.test_migrations import ARN, TASK

STARTED = "arn:aws:ecs:xx-1:123456789012:task/kit/0123"
STOPPED = {
    "taskArn": STARTED,
    "taskDefinitionArn": ARN,
    "lastStatus": "STOPPED",
    "containers": [{"name": "migrations", "exitCode": 0}],
}
MISSING = {"tasks": [], "failures": [{"arn": STARTED, "reason": "MISSING"}]}
KNOWN = {"tasks": [STOPPED], "failures": []}


class Ecs:
    """Answers DescribeTasks with one thing after another, the last one for ever."""

    def __init__(self, *answers: dict[str, Any], running: bool = False) -> None:
        self._answers = list(answers)
        self._running = [STARTED] if running else []
        self.started = 0

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"taskArns": self._running}]

    def run_task(self, **_: Any) -> dict[str, Any]:
        self.started += 1
        return {"tasks": [{"taskArn": STARTED}], "failures": []}

    def describe_tasks(self, **_: Any) -> dict[str, Any]:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Logs:
    """A batch of lines comes each time that the log was read to its end."""

    class exceptions:
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, *batches: list[str]) -> None:
        self._later = list(batches)
        self._lines: list[str] = []

    def get_log_events(self, nextToken: str = "0", **_: Any) -> dict[str, Any]:
        new = self._lines[int(nextToken) :]
        token = str(len(self._lines))
        if token == nextToken and self._later:
            self._lines += self._later.pop(0)
        return {"events": [{"message": line} for line in new], "nextForwardToken": token}


class SleepingClock:
    """Time passes only while one sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SleepingClock:
    ticking = SleepingClock()
    monkeypatch.setattr(ecs_task, "time", ticking)
    return ticking


def run(ecs: Ecs, logs: Logs | None = None, task: ecs_task.Task = TASK) -> list[str]:
    """What is said while the task runs."""
    said: list[str] = []

    class Api:
        def client(self, service: str) -> Any:
            return {"ecs": ecs, "logs": logs or Logs()}[service]

    ecs_task.run(task, Api(), said.append)  # type: ignore[arg-type]  # all that it asks of an AwsApi
    return said


@pytest.mark.parametrize("unknown", [MISSING, {"tasks": [], "failures": []}])
def test_a_task_that_ecs_does_not_know_yet_is_waited_for(unknown: dict[str, Any]) -> None:
    """RunTask's answer comes before DescribeTasks knows of the task."""
    ecs = Ecs(unknown, unknown, KNOWN)
    run(ecs)
    assert ecs.started == 1


def test_members_that_ecs_leaves_out_are_empty() -> None:
    """None of these answers' members is required; a task that did not start has no reason then."""
    ecs = Ecs({}, {"tasks": [STOPPED]})
    ecs.run_task = lambda **_: {"tasks": [{"taskArn": STARTED}]}  # type: ignore[method-assign]  # no failures
    run(ecs)
    ecs.run_task = lambda **_: {}  # type: ignore[method-assign]  # no task
    with pytest.raises(GateClosed, match="ECS did not start kit: no reason given"):
        run(ecs)


def test_a_task_that_stays_unknown_is_given_up(clock: SleepingClock) -> None:
    """In ECS's word, after a minute."""
    with pytest.raises(
        GateClosed, match=rf"started {STARTED} and does not know it: MISSING. Run `pulumi up` again"
    ):
        run(Ecs(MISSING))
    assert clock.now == pytest.approx(ecs_task.KNOWN_WITHIN, abs=2 * ecs_task.POLL)


def test_another_deployers_task_that_is_not_known_yet_is_followed_too() -> None:
    """It is listed; a second one is not started beside it."""
    ecs = Ecs(MISSING, KNOWN, running=True)
    assert run(ecs) == ["kit runs already: another deployer started it; following it"]
    assert ecs.started == 0


@pytest.mark.parametrize("earlier", [{}, {"startedBy": "pulumi-up"}])
def test_a_task_for_something_else_is_not_followed(earlier: dict[str, Any]) -> None:
    """What waits for a verified release is not applied by the task that was to leave it alone."""
    ecs = Ecs({"tasks": [{**STOPPED, **earlier}]}, running=True)
    said = run(ecs, task=replace(TASK, started_by="pulumi-up-verified"))
    assert said == ["an earlier kit still runs; waiting for it to end"]
    assert ecs.started == 1


def test_lines_that_come_after_the_end_are_said() -> None:
    """CloudWatch Logs shows a line some time after it was written."""
    logs = Logs([], ["first"], ["why it failed"])
    assert run(Ecs(KNOWN), logs) == ["first", "why it failed"]


def test_a_role_that_ecs_does_not_know_yet_is_waited_for(clock: SleepingClock) -> None:
    """IAM is eventually consistent; another refusal is raised at once."""
    ecs = Ecs(KNOWN)
    message = "ECS was unable to assume the role"

    def refuse(**_: Any) -> dict[str, Any]:
        if clock.now < 3:
            raise ClientError({"Error": {"Code": "ClientException", "Message": message}}, "RunTask")
        return {"tasks": [{"taskArn": STARTED}]}

    ecs.run_task = refuse  # type: ignore[method-assign]  # until the role is known
    run(ecs)
    clock.now, message = 0.0, "no such family"
    with pytest.raises(ClientError, match="no such family"):
        run(ecs)
    assert clock.now == 0.0


def test_why_a_task_failed_may_come_late() -> None:
    """After a failure the log is read for longer: its end is what the deployer has to know."""
    failed = {**STOPPED, "containers": [{"name": "migrations", "exitCode": 9}]}
    with pytest.raises(GateClosed, match="why it failed"):
        run(Ecs({"tasks": [failed]}), Logs([], [], [], [], [], ["why it failed"]))


def test_a_log_that_does_not_end_is_left(clock: SleepingClock) -> None:
    """The task has stopped: what still comes is of no use to the deployer."""
    run(Ecs(KNOWN), Logs(*(["more"] for _ in range(100))))
    assert clock.now <= ecs_task.LOGGED_WITHIN + ecs_task.POLL


def test_the_last_lines_are_in_the_error() -> None:
    """Those that came late too."""
    failed = {**STOPPED, "containers": [{"name": "migrations", "exitCode": 9}]}
    with pytest.raises(GateClosed, match="why it failed"):
        run(Ecs({"tasks": [failed], "failures": []}), Logs([], ["why it failed"]))


def test_the_runner_says_and_keeps_lines() -> None:
    """No more of them than an error has room for."""
    said: list[str] = []
    runner = Runner(task=TASK, ecs=None, logs=None, say=said.append)
    runner.tell([str(number) for number in range(20)])
    assert (len(said), list(runner.last)) == (20, [str(number) for number in range(5, 20)])
