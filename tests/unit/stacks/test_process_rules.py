"""An app's processes: what is refused, and what the budgets count."""

from typing import Any

import pytest

from stacks.settings import StackSettingsError, parse

JOB = {"command": "node digest.js", "schedule": "0 6 * * *", "timeout": 600}


@pytest.mark.parametrize(
    ("processes", "message"),
    [
        (
            {"digest": {**JOB, "schedule": "0 6 * *"}},
            'evenkeel:app.processes.digest.schedule is "0 6 * *": it has 4 of 5 fields. Set it to minute, '
            "hour, day of month, month and day of week, such as 0 6 * * MON-FRI.",
        ),
        (
            {"digest": {**JOB, "schedule": "*/5 * * * * *"}},
            'evenkeel:app.processes.digest.schedule is "*/5 * * * * *": it has 6 of 5 fields. Set it to '
            "minute, hour, day of month, month and day of week, such as 0 6 * * MON-FRI.",
        ),
        (
            {"digest": {"command": "node digest.js", "schedule": "0 6 * * *"}},
            "evenkeel:app.processes.digest.timeout is not set: a run by a schedule is ended when it takes "
            "too long. Set it to the seconds that a run may take, such as 600.",
        ),
        (
            {"mailer": {"command": "node mailer.js", "timeout": 5}},
            "evenkeel:app.processes.mailer.timeout is 5: without a schedule the process runs all the time. "
            "Take it out, or set the schedule.",
        ),
        (
            {"digest": {**JOB, "instances": 2}},
            "evenkeel:app.processes.digest.instances is 2: a process with a schedule runs once, on one "
            "server. Take it out.",
        ),
        (
            {"web": {**JOB, "command": "npm start"}},
            'evenkeel:app.processes.web.schedule is "0 6 * * *": web serves, all the time. '
            "Take it out, or give the process another name.",
        ),
    ],
)
def test_what_a_job_cannot_be_is_refused(processes: dict[str, Any], message: str) -> None:
    """With the setting, its value, and the way out."""
    with pytest.raises(StackSettingsError) as refused:
        parse({"app": {"processes": processes}})
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("processes", "background", "jobs", "of_pm2"),
    [
        ({}, 1, 0, 1),
        ({"web": {"command": "npm start"}}, 0, 0, 0),
        ({"mailer": {"command": "node mailer.js", "instances": 3}}, 3, 0, 3),
        ({"mailer": {"command": "node mailer.js"}, "digest": JOB, "report": JOB}, 1, 2, 2),
    ],
)
def test_the_budgets_count_the_processes_that_the_settings_name(
    processes: dict[str, Any], background: int, jobs: int, of_pm2: int
) -> None:
    """Without any the kit does not know them, and counts with one."""
    settings = parse({"app": {"processes": processes, "workers": 2}})
    assert (settings.app.background, settings.app.jobs, settings.background) == (background, jobs, of_pm2)
    counted = settings.connections
    assert counted.processes == counted.servers * (2 + background) + 2 + jobs
