"""What an app's processes may be, one rule a function."""

from collections.abc import Callable, Iterator

from budgets.problems import Problem
from components.adoption import WEB
from stacks import cron
from stacks.sections import Settings


def a_job_has_a_time(settings: Settings) -> Iterator[Problem]:
    """A cron expression as those of the group's schedules, but in UTC."""
    for name, process in settings.app.processes.items():
        if process.schedule is not None and (reason := cron.problem(process.schedule)):
            yield Problem(
                setting=f"app.processes.{name}.schedule",
                value=process.schedule,
                reason=reason,
                remedy="Set it to minute, hour, day of month, month and day of week, such as 0 6 * * MON-FRI",
            )


def a_job_has_an_end(settings: Settings) -> Iterator[Problem]:
    """The lease of a run rests on it; a process that always runs has none."""
    for name, process in settings.app.processes.items():
        if process.is_job and process.timeout is None:
            yield Problem(
                setting=f"app.processes.{name}.timeout",
                value=None,
                reason="a run by a schedule is ended when it takes too long",
                remedy="Set it to the seconds that a run may take, such as 600",
            )
        if not process.is_job and process.timeout is not None:
            yield Problem(
                setting=f"app.processes.{name}.timeout",
                value=process.timeout,
                reason="without a schedule the process runs all the time",
                remedy="Take it out, or set the schedule",
            )


def a_job_is_one_process(settings: Settings) -> Iterator[Problem]:
    """One server runs it, once."""
    for name, process in settings.app.processes.items():
        if process.is_job and process.instances > 1:
            yield Problem(
                setting=f"app.processes.{name}.instances",
                value=process.instances,
                reason="a process with a schedule runs once, on one server",
                remedy="Take it out",
                accepted=1,
            )


def what_serves_has_no_schedule(settings: Settings) -> Iterator[Problem]:
    """It answers at any time."""
    web = settings.app.processes.get(WEB)
    if web is not None and web.schedule is not None:
        yield Problem(
            setting=f"app.processes.{WEB}.schedule",
            value=web.schedule,
            reason="web serves, all the time",
            remedy="Take it out, or give the process another name",
        )


PROCESS_RULES: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    a_job_has_a_time,
    a_job_has_an_end,
    a_job_is_one_process,
    what_serves_has_no_schedule,
)
