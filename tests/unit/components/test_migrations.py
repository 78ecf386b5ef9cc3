"""The migrations: what the task is, what it may touch, and what a preview shows of it."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import migrations
from components.database import Database
from components.gates import ecs_task
from components.migrations import BOOTSTRAP, Migrations, MigrationsArgs, MigrationsSettings
from components.migrations_plan import pack, summary
from testkit.registered import Registered, register
from tests.unit.components.rolled import COMMON
from tests.unit.components.test_database import ARGS as DATABASE

ADD_INDEX = 'CREATE INDEX "Member_createdAt_idx" ON "Member"("createdAt");\n'
ARN = "arn:aws:ecs:xx-1:123456789012:task-definition/kit:3"
TASK = ecs_task.Task(
    cluster="kit",
    task_definition=ARN,
    container="migrations",
    subnet_ids=["app-a"],
    security_group_id="sg",
    log_group="kit-0123456",
    timeout=60,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrations folder as Prisma writes it; bundles go into a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "migrations" / "1_index").mkdir(parents=True)
    (tmp_path / "migrations" / "migration_lock.toml").write_text('provider = "postgresql"\n')
    (tmp_path / "migrations" / "1_index" / "migration.sql").write_text(ADD_INDEX)
    return tmp_path / "migrations"


def made(folder: Path, deployed: str = "") -> Registered:
    def program() -> None:
        schema = Migrations(
            "kit",
            MigrationsArgs(
                settings=MigrationsSettings(
                    path=str(folder), wait_for_transactions=30, maintenance_work_mem=512, timeout=60
                ),
                parameter_name="/kit/test/schema",
                deployed=deployed,
                bucket="artifacts",
                bucket_arn="arn:artifacts",
                database=Database("db", DATABASE),
                subnet_ids=["app-a"],
                security_group_id="sg",
                ca_bundle_url="https://ca.example/bundle.pem",
                common=COMMON,
            ),
        )
        schema.contract(parameter_name="/kit/test/contracted", verified="release 7")

    return register(program)


def container(folder: Path) -> dict[str, Any]:
    definition = made(folder)["aws:ecs/taskDefinition:TaskDefinition", "kit"]
    (only,) = json.loads(definition["containerDefinitions"])
    return dict(only)


def test_a_preview_shows_how_each_statement_runs(folder: Path) -> None:
    """The gate's value is the plan, and its digest."""
    value = made(folder)["aws:ssm/parameter:Parameter", "kit-schema"]["insecureValue"]
    assert 'online       CREATE INDEX "Member_createdAt_idx" ON "Member"("createdAt")' in value
    assert value.splitlines()[-1].startswith("plan sha256 ")
    assert len(value.encode()) <= 4096


def test_what_is_new_is_told_without_a_flag(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview shows of a changed property only its name: an online and a refused statement, and why."""
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_: told.append(("info", text)))
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *_: told.append(("warning", text)))
    deployed = made(folder)["aws:ssm/parameter:Parameter", "kit-schema"]["insecureValue"]
    assert told == [("info", "the database takes the whole history: 1 migration")]
    made(folder, deployed)
    assert len(told) == 1
    (folder / "2_change").mkdir()
    sql = 'CREATE INDEX i ON "Member"(id); ALTER TABLE "Member" DROP COLUMN id;'
    (folder / "2_change" / "migration.sql").write_text(sql)
    made(folder, deployed)
    kind, text = told[-1]
    assert kind == "warning"
    assert text.splitlines()[0] == "1 new migration, 2 statements: 1 online, 1 refused"
    assert '  1  online       CREATE INDEX i ON "Member"(id)' in text
    assert "migration 2_change, statement 2 (line 1) is refused (drop-column)" in text


def test_what_waits_for_a_verified_release_has_a_gate_of_its_own(folder: Path) -> None:
    """Only where something waits; it shows how much, and moves when that changes."""
    gate = "aws:ssm/parameter:Parameter", "kit-contracted"
    assert gate not in made(folder).inputs
    (folder / "2_drop").mkdir()
    script = folder / "2_drop" / "migration.sql"
    script.write_text('-- migrator: after verified\nDROP INDEX "Member_createdAt_idx";')
    first = made(folder)[gate]
    assert first["name"] == "/kit/test/contracted"
    assert first["insecureValue"].startswith(
        '1 after a verified release, the last of 2_drop\n  DROP INDEX "Member_createdAt_idx"\nsha256 '
    )
    script.write_text(script.read_text() + '\n-- migrator: after verified\nDROP INDEX "other";')
    assert made(folder)[gate]["insecureValue"] != first["insecureValue"]


def test_the_task_behind_it_is_told_that_the_release_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is another than the one that was to leave alone what waits."""
    ran: list[ecs_task.Task] = []
    monkeypatch.setattr(migrations, "free_storage", lambda *_: 7)
    monkeypatch.setattr(ecs_task, "run", lambda task, *_: ran.append(task))
    monkeypatch.setattr(migrations, "say", lambda _: None)
    context = {
        name: getattr(TASK, name)
        for name in ("cluster", "task_definition", "subnet_ids", "security_group_id", "log_group", "timeout")
    }
    api: Any = None
    migrations.apply(api=api, database="db", **context)
    migrations.apply_waiting(verified="release 7", api=api, database="db", **context)
    assert [dict(task.environment) for task in ran] == [
        {"MIGRATOR_FREE_STORAGE": "7"},
        {"MIGRATOR_FREE_STORAGE": "7", "MIGRATOR_VERIFIED": "yes"},
    ]
    assert [task.started_by for task in ran] == ["pulumi-up", "pulumi-up-verified"]


def test_a_changed_statement_is_another_schema(folder: Path) -> None:
    """Even one that the value has no room for."""
    before = summary(pack(folder).plan)
    (folder / "1_index" / "migration.sql").write_text(ADD_INDEX.replace("idx", "index"))
    assert summary(pack(folder).plan) != before


def test_passwords_come_from_secrets_manager_alone(folder: Path) -> None:
    """None in the environment, which every reader of the task definition sees."""
    definition = container(folder)
    assert definition["secrets"] == [
        {"name": "PGPASSWORD", "valueFrom": "arn:db-admin:password::"},
        {"name": "APP_ROLE_PASSWORD", "valueFrom": "arn:db-app:password::"},
    ]
    environment = {one["name"]: one["value"] for one in definition["environment"]}
    assert environment.pop("BUNDLE_SHA256") in environment.pop("BUNDLE_KEY")
    assert environment == {
        "APP_ROLE": "app_service",
        "AWS_MAX_ATTEMPTS": "8",
        "AWS_RETRY_MODE": "standard",
        "BUNDLE_BUCKET": "artifacts",
        "CA_BUNDLE_URL": "https://ca.example/bundle.pem",
        "MIGRATOR_LOCK_TIMEOUT": "5",
        "MIGRATOR_MAINTENANCE_WORK_MEM": "512",
        "MIGRATOR_WAIT_FOR_TRANSACTIONS": "30",
        "PGDATABASE": "app",
        "PGHOST": "db.db.example",
        "PGPORT": "5433",
        "PGUSER": "kit_admin",
    }


def test_the_container_runs_a_bootstrap_on_a_root_it_cannot_write(folder: Path) -> None:
    """AWS's own Python image; the bundle lies in memory."""
    definition = container(folder)
    assert definition["image"] == "public.ecr.aws/lambda/python:3.12"
    assert definition["entryPoint"] == ["python3", "-c"]
    assert definition["command"] == [BOOTSTRAP]
    assert definition["readonlyRootFilesystem"] is True
    compile(BOOTSTRAP, "bootstrap", "exec")


def test_the_tasks_role_reads_bundles_and_no_secret(folder: Path) -> None:
    """Only the execution role, which starts it, reads the two secrets."""
    policies = {
        name: {statement["Sid"]: statement for statement in json.loads(inputs["policy"])["Statement"]}
        for name, inputs in made(folder).all("aws:iam/rolePolicy:RolePolicy").items()
    }
    task, execution = policies["kit-roles-task-policy"], policies["kit-roles-execution-policy"]
    assert set(task) == {"FetchBundle", "Decrypt"}
    assert task["FetchBundle"]["Resource"] == "arn:artifacts/migrations/*"
    assert execution["ReadSecrets"]["Resource"] == ["arn:db-admin", "arn:db-app"]
    assert set(execution) == {"ReadSecrets", "Decrypt", "Log"}


def test_a_folder_that_is_no_prisma_folder_is_refused_without_a_traceback(tmp_path: Path) -> None:
    """In the migrator's words."""
    with pytest.raises(pulumi.RunError, match=str(tmp_path / "none")):
        pack(tmp_path / "none")


def test_a_failed_task_says_its_last_lines_and_the_way_on() -> None:
    """All that one needs, without opening a console."""
    stopped = {
        "containers": [{"name": "migrations", "exitCode": 9}],
        "stoppedReason": "Essential container exited",
    }
    code = ecs_task.exit_code(stopped, "migrations")
    assert ecs_task.failure(TASK, stopped, code, ["1_index 1/1 failed", "relation does not exist"]) == (
        "kit failed with exit code 9 (Essential container exited); its last lines:\n"
        "  1_index 1/1 failed\n"
        "  relation does not exist\n"
        "The whole log is in CloudWatch Logs, kit-0123456. Servers were left alone. "
        "Fix what it says and run `pulumi up` again: it resumes where it stopped."
    )


def test_a_task_that_never_ran_has_no_exit_code() -> None:
    """An image that can't be pulled, a secret that can't be read: ECS' reason is all there is."""
    stopped = {"containers": [{"name": "migrations"}], "stoppedReason": "CannotPullContainerError"}
    code = ecs_task.exit_code(stopped, "migrations")
    assert ecs_task.failure(TASK, stopped, code, []).splitlines()[0] == (
        "kit did not run (CannotPullContainerError); its last lines:"
    )


def test_a_tasks_family_is_read_from_its_definition() -> None:
    """Whoever started it, whatever its revision."""
    assert TASK.family == "kit"


def test_the_cluster_buys_no_metrics(folder: Path) -> None:
    """It runs one task a deployment."""
    cluster = made(folder)["aws:ecs/cluster:Cluster", "kit"]
    assert cluster["settings"] == [{"name": "containerInsights", "value": "disabled"}]
