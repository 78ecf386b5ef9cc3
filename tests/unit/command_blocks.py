"""Blocks of the pages that a reader may paste into a shell, and what shows that each works."""

import re

LANGUAGES = {"js", "json", "mermaid", "python", "sql", "yaml"}
"""Of blocks that are no commands."""
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LISTED = re.compile(r"^(?:\d+\.|-) .*\n(?:(?: {2,}.*)?\n)*", re.MULTILINE)
"""An item of a list, whose later lines are indented too. Code in it has a fence."""
INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n)(?:(?: {4}.*)?\n)*")

NO_COMMANDS = {
    ("docs/architecture.md", "__main__.py ──▶ evenkeel/"): "a drawing",
    ("docs/aws.md", '{"Version": "2012-10-17"'): "trust.json",
    ("docs/runbooks/migrations.md", "-- dropped: "): "a comment in SQL",
    ("docs/runbooks/migrations.md", "-- migrator: allow drop-column"): "a comment in SQL",
    ("docs/runbooks/migrations.md", "-- migrator: allow hidden-change"): "a comment in SQL",
    ("docs/settings.md", "{JWT_SECRET: "): "YAML",
    ("docs/settings.md", "- {name: morning"): "YAML",
    ("docs/settings.md", "{sign_up: "): "YAML",
    ("docs/settings.md", "{DB_HOST: "): "YAML",
    ("docs/settings.md", "{web: "): "YAML",
    (
        "docs/timeline.md",
        "Stack prod: ",
    ): "printed by a command: tests/unit/stacks/test_timeline.py",
    ("docs/timeline.md", "batches x "): "a formula",
}
"""Blocks by page and beginning, each with what it is."""

UP = "tests/rehearsal/test_your_own_app.py::test_an_app_from_scratch_is_served_through_the_balancer"
OWN = "tests/rehearsal/test_own_repository.py::test_the_app_serves_and_has_what_the_program_made_for_it"
RUN = {
    ("docs/coming-from.md", "python -m migrator plan"): (
        "tests/migrator/tools/test_histories.py::test_the_migrator_goes_on_where_the_tool_ended"
    ),
    ("README.md", "make up "): UP,
    ("docs/aws.md", ".venv/bin/python -m stacks preflight"): (
        "tests/rehearsal/test_prod.py::test_prod_lives_from_nothing_to_its_end"
    ),
    ("docs/aws.md", ".venv/bin/python -m stacks deployer-policy"): (
        "tests/unit/stacks/test_deployer_policy.py::test_a_stacks_policies_are_printed"
    ),
    ("docs/first-rehearsal.md", "make up"): UP,
    ("docs/first-rehearsal.md", "pulumi up "): (
        "tests/rehearsal/test_deployment.py::test_a_changed_app_rolls_every_server_and_keeps_the_session"
    ),
    ("docs/first-rehearsal.md", "make down"): (
        "tests/rehearsal/test_end.py::test_down_leaves_no_process_and_no_file"
    ),
    ("docs/index.md", "make up "): UP,
    ("docs/mean-cloud.md", "python -m rehearsal up --mean"): (
        "tests/faults/test_mean_cloud.py::test_a_life_in_a_mean_cloud"
    ),
    ("docs/monitoring.md", "make queries "): (
        "tests/rehearsal/test_deployment.py::test_the_report_of_what_queries_cost_knows_the_apps"
    ),
    ("docs/runbooks/stores.md", "pulumi config set --stack prod --path evenkeel:redis.deletion"): (
        "tests/rehearsal/test_stores_runbook.py::test_a_changed_port_is_refused_unless_its_day_is_today"
    ),
    ("docs/runbooks/stores.md", "pulumi config set --stack prod --path evenkeel:redis.port"): (
        "tests/rehearsal/test_stores_runbook.py::test_an_allowed_replacement_leaves_a_snapshot_and_an_app_that_serves"
    ),
    ("docs/runbooks/stores.md", "pulumi config set --stack prod --path evenkeel:load_balancer"): (
        "tests/rehearsal/test_prod.py::test_prod_lives_from_nothing_to_its_end"
    ),
    ("docs/runbooks/stores.md", "pulumi destroy"): (
        "tests/rehearsal/test_prod.py::test_prod_lives_from_nothing_to_its_end"
    ),
    ("docs/runbooks/stores.md", "pulumi stack rm"): (
        "tests/rehearsal/test_stores_runbook.py::test_what_is_taken_down_leaves_its_snapshots_and_its_key"
    ),
    ("docs/runbooks/stores.md", "pulumi config set --stack next"): (
        "tests/rehearsal/test_stores_runbook.py::test_a_new_stack_has_every_row_of_the_snapshot"
    ),
    ("docs/runbooks/workload.md", "app() {"): (
        "tests/infra/test_own_app.py::test_the_runbooks_commands_work_on_a_server"
    ),
    ("docs/runbooks/workload.md", "app cli/replay-sms.js"): (
        "tests/infra/test_own_app.py::test_the_runbooks_commands_work_on_a_server"
    ),
    ("docs/runbooks/workload.md", "app cli/flush-cache.js"): (
        "tests/infra/test_own_app.py::test_the_runbooks_commands_work_on_a_server"
    ),
    ("docs/runbooks/workload.md", "app cli/query-report.js"): (
        "tests/infra/test_own_app.py::test_the_runbooks_commands_work_on_a_server"
    ),
    ("evenkeel/template/README.md", "make doctor "): OWN,
    ("docs/own-repository.md", "pipx run "): (
        "tests/rehearsal/test_tutorial.py::test_a_few_commands_lead_from_an_empty_folder_to_a_page"
    ),
    ("docs/own-repository.md", "make start"): (
        "tests/rehearsal/test_stores_elsewhere.py::test_an_app_without_stores_is_told_of_none"
    ),
    ("docs/own-repository.md", "make check "): (
        "tests/rehearsal/test_own_repository.py::test_the_checks_of_the_servers_hold_for_it"
    ),
    ("docs/infra-tests.md", ".venv/bin/pytest test_own.py"): (
        "tests/rehearsal/test_checks_wheel.py::test_testinfra_has_the_transport"
    ),
    ("docs/own-repository.md", ".venv/bin/evenkeel run "): (
        "tests/rehearsal/test_jobs.py::test_a_command_runs_as_the_app_would"
    ),
    ("docs/own-repository.md", ".venv/bin/evenkeel upgrade"): (
        "tests/rehearsal/test_own_repository.py::test_an_upgrade_replaces_nothing_that_holds_data"
    ),
    ("docs/your-own-app.md", "mkdir "): UP,
    ("docs/your-own-app.md", "cd evenkeel\nmake up"): UP,
    ("docs/your-own-app.md", 'cd evenkeel\neval "$(make -s env'): (
        "tests/rehearsal/test_your_own_app.py::test_the_checks_of_the_servers_hold_for_it"
    ),
}
"""Blocks by page and beginning, each with the test that runs it, or the same with names of its own."""

NOT_RUN = {
    ("docs/coming-from.md", "python -m migrator plan"): (
        "tests/migrator/tools/test_histories.py::test_the_migrator_goes_on_where_the_tool_ended"
    ),
    ("CONTRIBUTING.md", "make unit"): "installs packages; the tests run in what it made",
    ("app/README.md", "npm ci "): "a list of scripts; CI and `make` run those that set up, build and test",
    ("docs/aws.md", "aws iam create-role"): "needs an AWS account",
    ("docs/aws.md", "docker buildx"): "needs Docker and AWS's public registry",
    ("docs/first-rehearsal.md", 'eval "$(make -s env)"'): (
        "shows what runs; the tests of a deployed stack ask for the same by `python -m rehearsal`"
    ),
    ("docs/infra-tests.md", ".venv/bin/pytest --stack prod"): (
        "needs a stack of the reader's; tests/rehearsal/test_checks_wheel.py has one of its own"
    ),
    ("docs/infra-tests.md", "pip install "): (
        "needs a published repository; tests/rehearsal/test_checks_wheel.py installs the same from this one"
    ),
    (
        "docs/infra-tests.md",
        ".venv/bin/pytest tests/infra",
    ): "pytest itself; `make test` has its first line",
    ("docs/migrations.md", "python -m migrator check"): (
        "needs a repository and a branch of the reader's; tests/unit/migrator/test_check.py has its own"
    ),
    ("docs/migrations.md", "python -m migrator baseline"): (
        "needs a database of the reader's; tests/migrator/test_baseline.py has its own"
    ),
    ("docs/migrations.md", "python -m migrator plan"): (
        "needs a database of the reader's; tests/migrator runs each command on its own servers"
    ),
    ("docs/monitoring.md", "sudo systemd-run"): "needs systemd as PID 1, which a rehearsed server has not",
    ("docs/runbooks/rollouts.md", "aws autoscaling rollback-instance-refresh"): (
        "its place is in a rollout that goes wrong; tests/rehearsal/cloud/test_instance_refresh.py makes it"
    ),
    ("docs/runbooks/secrets.md", "pulumi config set --secret"): "asks for a value at a terminal",
    ("docs/runbooks/secrets.md", "pulumi config set --plaintext"): "needs a secret of the reader's",
    ("docs/runbooks/secrets.md", "pulumi config rm"): "needs a secret of the reader's",
    ("docs/runbooks/workload.md", "aws logs tail"): "needs an AWS account: the rehearsal has `make logs`",
    ("docs/runbooks/workload.md", "app cli/approve-church.js"): "needs a user of the reader's app",
    ("docs/settings.md", "pulumi config set --path"): "an example of any setting",
    ("docs/settings.md", "pulumi config set --secret"): "asks for a value at a terminal",
    ("docs/your-own-app.md", "pulumi config set --secret"): "asks for a value at a terminal",
}
"""Blocks by page and beginning, each with the reason why no test runs it."""


def blocks(page: str) -> list[str]:
    """The text of each block that names no other language, without indents."""
    fenced = [text for language, text in FENCED.findall(page) if language not in LANGUAGES]
    indented = INDENTED.findall(LISTED.sub("\n", FENCED.sub("", page)))
    return ["\n".join(line.strip() for line in text.strip().splitlines()) for text in [*fenced, *indented]]
