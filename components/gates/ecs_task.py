"""Runs an ECS task to its end and follows its log.

A task outlives the deployer that started it. The next one finds it by its family: the same task definition is
taken over, another one is waited for.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from components.gates.aws_api import AwsApi
from components.gates.gate import GateClosed

POLL = 1.0
"""Seconds between two looks at a task and its log."""
KNOWN_WITHIN = 60
"""Seconds until ECS knows a task that it has just started. Its API is eventually consistent: RunTask's
documentation."""
LOGGED_WITHIN = 15
"""Seconds that the last lines of a task that has stopped may take to be readable in CloudWatch Logs."""
QUIET, QUIET_AFTER_FAILURE = 2, 8
"""Reads without a new line after which a log is over: why a task failed stands at its end."""
ROLE_KNOWN_WITHIN = 60
"""Seconds until ECS knows a role that was just made: IAM is eventually consistent."""
FOR_A_DEPLOYMENT = "pulumi-up"
LAST_LINES = 15
"""Of the log, in an error."""
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What to run, and where. The container logs with the awslogs driver and itself as stream prefix."""

    cluster: str
    task_definition: str
    """An ARN, revision included."""
    container: str
    subnet_ids: Sequence[str]
    security_group_id: str
    log_group: str
    timeout: int
    """Seconds until the task is stopped."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Extra environment variables, known only at run time."""
    started_by: str = FOR_A_DEPLOYMENT
    """What the task is for: one that was started for something else is waited for, not followed."""

    @property
    def family(self) -> str:
        """The name that all revisions of the task definition share."""
        return self.task_definition.rpartition("/")[2].partition(":")[0]


def run(task: Task, api: AwsApi, say: Say) -> None:
    """Returns when the task has exited with 0; raises GateClosed with its last lines otherwise."""
    runner = Runner(task=task, ecs=api.client("ecs"), logs=api.client("logs"), say=say)
    for earlier in runner.running():
        purpose = earlier.get("startedBy", FOR_A_DEPLOYMENT)
        if (earlier["taskDefinitionArn"], purpose) == (task.task_definition, task.started_by):
            say(f"{task.family} runs already: another deployer started it; following it")
            return runner.follow(earlier["taskArn"])
        say(f"an earlier {task.family} still runs; waiting for it to end")
        runner.wait(earlier["taskArn"])
    return runner.follow(runner.start())


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """One task's way from start to end."""

    task: Task
    ecs: Any
    logs: Any
    say: Say
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def running(self) -> list[dict[str, Any]]:
        """Tasks of this family that have not stopped."""
        pages = self.ecs.get_paginator("list_tasks").paginate(
            cluster=self.task.cluster, family=self.task.family, desiredStatus="RUNNING"
        )
        arns = [arn for page in pages for arn in page.get("taskArns", [])]
        if not arns:
            return []
        return self.described(arns)

    def described(self, arns: list[str]) -> list[dict[str, Any]]:
        """All of these tasks. ECS may not know one for some seconds after it was started."""
        deadline = time.monotonic() + KNOWN_WITHIN
        while True:
            answer = self.ecs.describe_tasks(cluster=self.task.cluster, tasks=arns)
            tasks: list[dict[str, Any]] = answer.get("tasks", [])
            if len(tasks) == len(arns):
                return tasks
            if time.monotonic() > deadline:
                raise GateClosed(
                    f"ECS started {', '.join(arns)} and does not know it: {why(answer)}. "
                    "Run `pulumi up` again: it follows the task if that runs"
                )
            time.sleep(POLL)

    def start(self) -> str:
        """The new task's ARN."""
        deadline = time.monotonic() + ROLE_KNOWN_WITHIN
        while True:
            try:
                answer = self.asked_to_run()
            except ClientError as error:
                if "unable to assume" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(POLL)
                continue
            if not answer.get("tasks"):
                raise GateClosed(
                    f"ECS did not start {self.task.family}: {why(answer)}. Run `pulumi up` again"
                )
            return str(answer["tasks"][0]["taskArn"])

    def asked_to_run(self) -> dict[str, Any]:
        """ECS's answer. A retried call starts no second task."""
        answer: dict[str, Any] = self.ecs.run_task(
            cluster=self.task.cluster,
            taskDefinition=self.task.task_definition,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(self.task.subnet_ids),
                    "securityGroups": [self.task.security_group_id],
                    "assignPublicIp": "DISABLED",
                }
            },
            overrides={
                "containerOverrides": [
                    {
                        "name": self.task.container,
                        "environment": [{"name": n, "value": v} for n, v in self.task.environment.items()],
                    }
                ]
            },
            startedBy=self.task.started_by,
            clientToken=str(uuid4()),
        )
        return answer

    def follow(self, arn: str) -> None:
        """Says each line of the log as it comes, then judges how the task ended."""
        stopped = self.wait(arn)
        code = exit_code(stopped, self.task.container)
        if code != 0:
            raise GateClosed(failure(self.task, stopped, code, self.last))

    def wait(self, arn: str) -> dict[str, Any]:
        """Until the task has stopped and its log is read; stops it when it takes too long."""
        deadline = time.monotonic() + self.task.timeout
        lines = self.new_lines(arn)
        while True:
            (state,) = self.described([arn])
            self.tell(next(lines))
            if state["lastStatus"] == "STOPPED":
                failed = exit_code(state, self.task.container) != 0
                self.tell_the_rest(lines, QUIET_AFTER_FAILURE if failed else QUIET)
                return state
            if time.monotonic() > deadline:
                reason = f"it took longer than {self.task.timeout} s (migrations.timeout)"
                self.ecs.stop_task(cluster=self.task.cluster, task=arn, reason=reason)
                deadline = float("inf")
            time.sleep(POLL)

    def tell(self, lines: Sequence[str]) -> None:
        """Says each line, and keeps the last."""
        self.last.extend(lines)
        for line in lines:
            self.say(line)

    def tell_the_rest(self, lines: Iterator[list[str]], reads: int) -> None:
        """Reads the log of a task that has stopped until so many reads bring nothing new."""
        deadline = time.monotonic() + LOGGED_WITHIN
        quiet = 0
        while quiet < reads and time.monotonic() < deadline:
            time.sleep(POLL)
            new = next(lines)
            self.tell(new)
            quiet = 0 if new else quiet + 1

    def new_lines(self, arn: str) -> Iterator[list[str]]:
        """At each step the lines that are new; none as long as there is no log."""
        stream = f"{self.task.container}/{self.task.container}/{arn.rpartition('/')[2]}"
        token: dict[str, str] = {}
        while True:
            new: list[str] = []
            while True:
                try:
                    page = self.logs.get_log_events(
                        logGroupName=self.task.log_group, logStreamName=stream, startFromHead=True, **token
                    )
                except self.logs.exceptions.ResourceNotFoundException:
                    break
                new += [event["message"].rstrip() for event in page.get("events", [])]
                # The last page answers with the token that it was asked for.
                before, token = token, {"nextToken": page["nextForwardToken"]}
                if token == before:
                    break
            yield new


def why(answer: dict[str, Any]) -> str:
    """The reasons that ECS gives for what it did not do."""
    reasons = [failure.get("reason", "") for failure in answer.get("failures", [])]
    return ", ".join(filter(None, reasons)) or "no reason given"


def exit_code(stopped: dict[str, Any], container: str) -> int | None:
    """Of the container; None where it never ran."""
    codes = [ended.get("exitCode") for ended in stopped.get("containers", []) if ended["name"] == container]
    return codes[0] if codes else None


def failure(task: Task, stopped: dict[str, Any], code: int | None, last: Sequence[str]) -> str:
    """What the deployer is told."""
    end = "did not run" if code is None else f"failed with exit code {code}"
    reason = stopped.get("stoppedReason", "")
    return "\n".join(
        [
            f"{task.family} {end}{f' ({reason})' if reason else ''}; its last lines:",
            *(f"  {line}" for line in last or ["(none)"]),
            f"The whole log is in CloudWatch Logs, {task.log_group}. Servers were left alone. "
            "Fix what it says and run `pulumi up` again: it resumes where it stopped.",
        ]
    )
