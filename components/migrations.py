"""The database's migrations: a task inside the VPC that applies them, behind the `schema` gate."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pulumi
import pulumi_aws as aws
from pydantic import Field

from components.common import Common
from components.database import Database
from components.existing_database import ExistingDatabase
from components.gates import ecs_task
from components.gates.aws_api import ATTEMPTS, AwsApi
from components.gates.free_storage import free_storage
from components.gates.gate import Gate, GateArgs
from components.migrations_plan import pack, summary, tell_news, waiting_statements
from components.migrations_roles import MigrationsRoles, MigrationsRolesArgs
from components.values import Seconds, Text
from migrator.planning import bundle

CONTAINER = "migrations"
CPU, MEMORY_MIB = 256, 512
"""The smallest that Fargate has: the work is the database's."""
STOP_TIMEOUT = 120
"""Seconds from SIGTERM to SIGKILL, the most that Fargate gives."""
PROGRESS = re.compile(r" \d+ s$")
"""A line about a statement that still runs; one that has ended says tenths of a second."""

BOOTSTRAP = """\
import hashlib, os, sys, urllib.request, boto3

def in_memory(name, content):
    file = os.memfd_create(name, 0)
    os.write(file, content)
    return f"/proc/self/fd/{file}"

env = os.environ
print("fetching the bundle", env["BUNDLE_SHA256"][:12], flush=True)
bundle = boto3.client("s3").get_object(Bucket=env["BUNDLE_BUCKET"], Key=env["BUNDLE_KEY"])["Body"].read()
if hashlib.sha256(bundle).hexdigest() != env["BUNDLE_SHA256"]:
    sys.exit("the bundle in S3 is not the one that was uploaded: its SHA-256 differs")
with urllib.request.urlopen(env["CA_BUNDLE_URL"], timeout=20) as answer:
    env["PGSSLROOTCERT"] = in_memory("ca.pem", answer.read())
os.execv(sys.executable, [sys.executable, in_memory("bundle.pyz", bundle), "apply"])
"""
"""What the container runs. Its root is read-only: the bundle lies in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationsSettings:
    """What the schema gate applies, and how patiently."""

    path: Text = "app/prisma/migrations"
    """The folder of migrations: Prisma's, or that of another tool (docs/coming-from.md)."""
    lock_timeout: Seconds = 5
    """How long a statement waits for a lock before it is tried again; writers never wait longer for it."""
    wait_for_transactions: Seconds = 600
    """How long an index statement, which blocks nobody meanwhile, waits for each older transaction to end."""
    maintenance_work_mem: Annotated[int, Field(ge=1)] | None = None
    """For an index build, in MiB; null leaves it to the database's parameter group."""
    parallel_workers: Annotated[int, Field(ge=0)] | None = None
    """Processes that help with a build; 0 leaves all other cores to the app, null is the parameter
    group's."""
    timeout: Seconds = 3600
    """For all migrations of a deployment together; longer than wait_for_transactions."""
    image: Annotated[str, Field(pattern=r"^[a-z0-9][^\s@]*(@sha256:[0-9a-f]{64})?$")] = (
        "public.ecr.aws/lambda/python:3.12"
    )
    """Runs them, with the database's admin password: a public image with Python 3.12 and boto3. Pin it by its
    digest (…:3.12@sha256:…), so that what runs changes when you say so: docs/aws.md, "Pin the migrations'
    image"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationsArgs:
    """Which migrations, of which database, and how patiently. Times are seconds."""

    settings: MigrationsSettings
    parameter_name: str
    """Of the gate."""
    deployed: str
    """What the gate recorded at the last deployment; empty before the first."""
    bucket: pulumi.Input[str]
    bucket_arn: pulumi.Input[str]
    database: Database | ExistingDatabase
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    ca_bundle_url: str
    common: Common


class Migrations(pulumi.ComponentResource):
    """The `schema` gate: it moves when all migrations of the folder are applied.

    Makes: `aws.s3.BucketObjectv2`, `aws.cloudwatch.LogGroup`, `aws.ecs.Cluster` and `TaskDefinition`,
    `MigrationsRoles`, `Gate`; with `contract` another `Gate`.
    """

    gate: Gate

    def __init__(self, name: str, args: MigrationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Migrations", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        packed = pack(Path(args.settings.path))
        self._plan = packed.plan
        tell_news(packed.plan, args.deployed, self)
        task_definition, log_group = self._task(packed, self._upload(packed))
        self._context = {
            "cluster": self._cluster().name,
            "task_definition": task_definition.arn,
            "subnet_ids": args.subnet_ids,
            "security_group_id": args.security_group_id,
            "log_group": log_group.name,
            "database": args.database.identifier or "",
        }
        self.gate = Gate(
            f"{name}-schema",
            GateArgs(
                parameter_name=args.parameter_name,
                description="The migrations that the database has",
                value=summary(packed.plan),
                subject=args.database.resource_id,
                check=partial(apply, api=args.common.api, timeout=args.settings.timeout),
                context=self._context,
            ),
            self._child,
        )
        self.register_outputs({"gate": self.gate})

    def contract(self, *, parameter_name: str, verified: pulumi.Input[str]) -> None:
        """The `contracted` gate, if statements wait for a verified release: it moves when they are applied.

        `verified` is the value of the gate before it, which moves when no older release runs any more.
        """
        waiting = waiting_statements(self._plan)
        if waiting:
            Gate(
                f"{self._name}-contracted",
                GateArgs(
                    parameter_name=parameter_name,
                    description="What the database has lost since no older release runs",
                    value=waiting,
                    subject=self._args.database.resource_id,
                    check=partial(
                        apply_waiting, api=self._args.common.api, timeout=self._args.settings.timeout
                    ),
                    context={**self._context, "verified": verified},
                ),
                self._child,
            )

    def _upload(self, packed: bundle.Bundle) -> aws.s3.BucketObjectv2:
        return aws.s3.BucketObjectv2(
            self._name,
            bucket=self._args.bucket,
            key=f"migrations/{packed.path.name}",
            source=pulumi.FileAsset(packed.path),
            opts=self._child,
        )

    def _cluster(self) -> aws.ecs.Cluster:
        return aws.ecs.Cluster(
            self._name,
            # Metrics by the task and minute, of a cluster that runs one a deployment: its log says more.
            settings=[{"name": "containerInsights", "value": "disabled"}],
            opts=self._child,
        )

    def _task(
        self, packed: bundle.Bundle, uploaded: aws.s3.BucketObjectv2
    ) -> tuple[aws.ecs.TaskDefinition, aws.cloudwatch.LogGroup]:
        args, database = self._args, self._args.database
        admin_secret_arn = database.admin_secret_arn
        assert admin_secret_arn is not None, "nobody could apply them"
        app_secret_arns = [database.app_secret_arn] if database.app_role else []
        log_group = aws.cloudwatch.LogGroup(
            self._name,
            retention_in_days=args.common.log_retention_days,
            kms_key_id=args.common.kms_key_arn,
            opts=self._child,
        )
        roles = MigrationsRoles(
            f"{self._name}-roles",
            MigrationsRolesArgs(
                bundles_arn=pulumi.Output.concat(args.bucket_arn, "/migrations/*"),
                secret_arns=[admin_secret_arn, *app_secret_arns],
                secret_key_arns=database.kms_key_arns,
                log_group_arn=log_group.arn,
                common=args.common,
            ),
            self._child,
        )
        container = {
            "name": CONTAINER,
            "image": args.settings.image,
            "essential": True,
            "readonlyRootFilesystem": True,
            "stopTimeout": STOP_TIMEOUT,
            "entryPoint": ["python3", "-c"],
            "command": [BOOTSTRAP],
            "environment": variables(
                {
                    # As patient as the deployer: boto3 by itself gives up within seconds.
                    "AWS_MAX_ATTEMPTS": str(ATTEMPTS),
                    "AWS_RETRY_MODE": "standard",
                    **({"APP_ROLE": database.app_role} if database.app_role else {}),
                    "BUNDLE_BUCKET": uploaded.bucket,
                    "BUNDLE_KEY": uploaded.key,
                    "BUNDLE_SHA256": packed.sha256,
                    "CA_BUNDLE_URL": args.ca_bundle_url,
                    **patience(args.settings),
                    "PGDATABASE": database.database_name,
                    "PGHOST": database.address,
                    "PGPORT": database.port.apply(str),
                    "PGUSER": database.admin_user,
                }
            ),
            "secrets": [
                from_secret("PGPASSWORD", admin_secret_arn),
                *(from_secret("APP_ROLE_PASSWORD", arn) for arn in app_secret_arns),
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": log_group.name,
                    "awslogs-region": args.common.region,
                    "awslogs-stream-prefix": CONTAINER,
                    # ECS's default, non-blocking, may lose lines: the last one says why a migration failed.
                    "mode": "blocking",
                },
            },
        }
        task_definition = aws.ecs.TaskDefinition(
            self._name,
            family=self._name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(CPU),
            memory=str(MEMORY_MIB),
            execution_role_arn=roles.execution_role_arn,
            task_role_arn=roles.task_role_arn,
            container_definitions=pulumi.Output.json_dumps([container]),
            opts=self._child,
        )
        return task_definition, log_group


def patience(settings: MigrationsSettings) -> dict[str, pulumi.Input[str]]:
    """How long the migrator waits and what a build may use, as it reads them: `migrator.settings`."""
    variables = {
        "MIGRATOR_LOCK_TIMEOUT": settings.lock_timeout,
        "MIGRATOR_WAIT_FOR_TRANSACTIONS": settings.wait_for_transactions,
        "MIGRATOR_MAINTENANCE_WORK_MEM": settings.maintenance_work_mem,
        "MIGRATOR_PARALLEL_WORKERS": settings.parallel_workers,
    }
    return {name: str(value) for name, value in variables.items() if value is not None}


def apply(*, api: AwsApi, database: str, environment: Mapping[str, str] | None = None, **task: Any) -> None:
    """The gate's check: runs the task and shows its log. `database` is empty where RDS is not to be asked."""
    free = free_storage(api, database) if database else None
    known = {} if free is None else {"MIGRATOR_FREE_STORAGE": str(free)}
    variables = {**known, **(environment or {})}
    ecs_task.run(ecs_task.Task(container=CONTAINER, environment=variables, **task), api, say)


def apply_waiting(*, verified: str, **task: Any) -> None:
    """The `contracted` gate's check: the same task, which also runs what waits for a verified release."""
    say(f"no older release than {verified[:12]} runs any more: what waited for that is applied")
    apply(environment={"MIGRATOR_VERIFIED": "yes"}, started_by="pulumi-up-verified", **task)


def say(line: str) -> None:
    """A statement's progress is shown in passing; what was done, and how long it took, stays."""
    pulumi.log.info(line, ephemeral=PROGRESS.search(line) is not None)


def variables(values: dict[str, pulumi.Input[str]]) -> list[dict[str, pulumi.Input[str]]]:
    """An environment, as ECS wants it."""
    return [{"name": name, "value": value} for name, value in values.items()]


def from_secret(variable: str, secret_arn: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """A variable that ECS itself fills with the password of a secret."""
    return {"name": variable, "valueFrom": pulumi.Output.concat(secret_arn, ":password::")}
