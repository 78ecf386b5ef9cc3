"""The sections of a stack's settings, one model each; `reference.yaml` explains every field.

Defaults are what production wants; a stack file relaxes by name what it can do without. Models are frozen and
refuse unknown keys. What two settings may not be together is in `rules.py`.
"""

import json
from datetime import date
from functools import cached_property
from ipaddress import IPv4Network, ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, InstanceOf

import budgets
from budgets.capacity import workers
from budgets.pulumi_secrets import PulumiSecret

Days = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Value = Annotated[str, Field(strict=False, coerce_numbers_to_str=True)]
"""A text that may look like a number: `pulumi config set --path` stores 5 as a number."""
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A PostgreSQL name that needs no quotes."""
SnapshotName = Annotated[str, Field(pattern=r"^(arn:aws[a-z-]*:rds:\S+|[a-zA-Z][a-zA-Z0-9-]*)$")]
ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]
UrlPath = Annotated[str, Field(pattern=r"^/[^\s?#]*$")]
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip
"""What CloudWatch Logs' PutRetentionPolicy accepts."""


def on_loopback(url: str) -> bool:
    """Whether only this machine answers at the URL: `localhost` or an address such as 127.0.0.1."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Section(BaseModel):
    """A group of settings under one configuration key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Aws(Section):
    """Which cloud answers."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] = "eu-central-1"
    endpoint: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] | None = None
    ca_bundle_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None

    @property
    def ca_bundle(self) -> str:
        """Where servers and tasks fetch the authority that they trust with databases and stores."""
        of_rds = f"https://truststore.pki.rds.amazonaws.com/{self.region}/{self.region}-bundle.pem"
        return self.ca_bundle_url or of_rds

    @property
    def rehearsed(self) -> bool:
        """Whether a rehearsal on this machine answers, and nothing outside can be reached or harmed."""
        return self.endpoint is not None and on_loopback(self.endpoint)


class Network(Section):
    """The VPC."""

    cidr: Annotated[IPv4Network, Field(strict=False)] = IPv4Network("10.0.0.0/16")
    zones: Annotated[int, Field(ge=2, le=3)] = 3
    nat: Literal["per_zone", "one"] = "per_zone"
    flow_log: Literal["rejected", "all"] = "rejected"


class LoadBalancer(Section):
    """The way in."""

    domain: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$")] | None = None
    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]+$")] | None = None
    certificate_arn: Annotated[str, Field(pattern=r"^arn:[a-z-]+:acm:\S+:certificate/\S+$")] | None = None
    http_port: Port = 80
    idle_timeout: Annotated[int, Field(ge=1, le=4000)] = 60
    access_log_retention_days: Days = 90
    deletion_protection: bool = True

    @property
    def https(self) -> bool:
        """Whether there is a certificate, or is to be one."""
        return self.domain is not None or self.certificate_arn is not None

    @property
    def published(self) -> bool:
        """Whether the stack itself makes the name lead to the balancer."""
        return self.domain is None or self.hosted_zone_id is not None


class App(Section):
    """The app, and what it promises about itself."""

    path: Text = "app"
    port: Annotated[int, Field(ge=1024, le=65534)] = 3000
    """The boot test's worker listens at the next one."""
    node: Literal[20, 22, 24] = 22
    """Those that Amazon Linux 2023 has."""
    workers: Annotated[int, Field(ge=1, le=128)] | Literal["max"] = "max"
    longest_request: Seconds = 30
    drain: Seconds = 1
    environment: dict[str, Value] = {}
    plain_environment: list[str] = []
    secrets: dict[str, InstanceOf[PulumiSecret] | Value] = {}

    @property
    def own_secrets(self) -> dict[str, str]:
        """The values of the Pulumi secrets, by variable; the others exist in Secrets Manager."""
        return {
            name: secret.value for name, secret in self.secrets.items() if isinstance(secret, PulumiSecret)
        }

    @property
    def secret_string(self) -> str:
        """What Secrets Manager keeps of them: one secret, as JSON."""
        return json.dumps(self.own_secrets)


class Schedule(Section):
    """The group's sizes from a time on."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    recurrence: Text
    time_zone: Text = "UTC"
    min_size: Annotated[int, Field(ge=1)]
    max_size: Annotated[int, Field(ge=1)]


class AppServers(Section):
    """The Auto Scaling group that runs the app."""

    instance_types: Annotated[list[Text], Field(min_length=1)] = ["m7i.large", "m6i.large", "m7a.large"]
    on_demand_base: Annotated[int, Field(ge=0)] = 0
    on_demand_percentage: Annotated[int, Field(ge=0, le=100)] = 100
    min_size: Annotated[int, Field(ge=1)] = 3
    max_size: Annotated[int, Field(ge=1)] = 9
    schedules: list[Schedule] = []
    warm_pool_size: Annotated[int, Field(ge=0)] = 0
    max_healthy_percentage: Annotated[int, Field(ge=101, le=200)] = 150
    start_time: Annotated[int, Field(ge=60)] = 300
    instance_warmup: Seconds = 60
    bake_time: Annotated[int, Field(ge=0, le=172_800)] = 120
    target_cpu: Annotated[int, Field(ge=1, le=100)] = 70
    target_requests: Annotated[int, Field(ge=1)] = 200
    image_id: Annotated[str, Field(pattern=r"^ami-[0-9a-f]+$")] | None = None

    @property
    def sizes(self) -> range:
        """All that the group may have, at any hour."""
        return range(min([self.min_size, *(one.min_size for one in self.schedules)]), self.max_size + 1)


class Redis(Section):
    """Sessions and queues, and the cache."""

    node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")] = "cache.m7g.large"
    replicas: Annotated[int, Field(ge=0, le=5)] = 1
    separate_cache: bool = True
    port: Port = 6379
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)] = 7
    deletion_protection: bool = True
    final_snapshot: bool = True
    apply_immediately: bool = False


class Database(Section):
    """RDS for PostgreSQL."""

    engine_version: Annotated[Value, Field(pattern=r"^\d+(\.\d+)?$")] = "17"
    instance_class: Annotated[str, Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$")] = "db.m7g.large"
    allocated_storage: Annotated[int, Field(ge=20, le=65536)] = 100
    max_allocated_storage: Annotated[int, Field(ge=20, le=65536)] = 1000
    multi_az: bool = True
    port: Annotated[int, Field(ge=1150, le=65535)] = 5433
    name: Identifier = "app"
    admin_user: Identifier = "evenkeel_admin"
    backup_retention_days: Annotated[int, Field(ge=0, le=35)] = 7
    deletion_protection: bool = True
    final_snapshot: bool = True
    restore_from_snapshot: SnapshotName | None = None
    apply_immediately: bool = False
    parameters: dict[ParameterName, Value] = {}


class Buckets(Section):
    """Releases, bundles of migrations, and logs."""

    force_destroy: bool = False


class Secrets(Section):
    """Passwords and tokens in Secrets Manager."""

    recovery_days: Annotated[int, Field(ge=7, le=30)] | Literal[0] = 30


class Migrations(Section):
    """What the `schema` gate applies, and how patiently."""

    path: Text = "app/prisma/migrations"
    lock_timeout: Seconds = 5
    wait_for_transactions: Seconds = 600
    maintenance_work_mem: Annotated[int, Field(ge=1)] | None = None
    parallel_workers: Annotated[int, Field(ge=0)] | None = None
    timeout: Seconds = 3600
    image: Annotated[str, Field(pattern=r"^[a-z0-9][^\s@]*(@sha256:[0-9a-f]{64})?$")] = (
        "public.ecr.aws/lambda/python:3.12"
    )


class Session(Section):
    """How a client of the app gets a session, and how it sees that it still has one."""

    sign_up: UrlPath
    log_in: UrlPath
    who_am_i: UrlPath
    fields: dict[Text, Value] = {}


class Smoke(Section):
    """What the `verified` gate asks the app, through the balancer."""

    paths: Annotated[list[UrlPath], Field(min_length=1)] = ["/readyz"]
    session: Session | None = None


class Monitoring(Section):
    """Logs and alarms."""

    log_retention_days: LogRetentionDays = 365
    alarm_email: Annotated[str, Field(pattern=r"^\S+@\S+\.\S+$")] | None = None


class Settings(Section):
    """All settings of a stack, and the budgets that follow from them."""

    aws: Aws = Aws()
    network: Network = Network()
    load_balancer: LoadBalancer = LoadBalancer()
    app: App = App()
    app_servers: AppServers = AppServers()
    redis: Redis = Redis()
    database: Database = Database()
    buckets: Buckets = Buckets()
    secrets: Secrets = Secrets()
    migrations: Migrations = Migrations()
    smoke: Smoke = Smoke()
    monitoring: Monitoring = Monitoring()
    allow_replacement: dict[Text, Annotated[date, Field(strict=False)]] = {}
    tags: dict[Text, Value] = {}

    @property
    def protected(self) -> bool:
        """Whether something in the stack is worth protecting: then it is production."""
        parts = (self.load_balancer, self.redis, self.database)
        return any(part.deletion_protection for part in parts)

    @cached_property
    def workers(self) -> int:
        """Workers of one server that serve, at most; raises `DoesNotFit`."""
        if self.app.workers == "max":
            return max(workers(instance_type) for instance_type in self.app_servers.instance_types)
        return self.app.workers

    @cached_property
    def timeline(self) -> budgets.Timeline:
        """A server's start and shutdown; raises `DoesNotFit`."""
        return budgets.timeline(
            longest_request=self.app.longest_request,
            drain=self.app.drain,
            workers=self.workers,
            idle_timeout=self.load_balancer.idle_timeout,
            start_time=self.app_servers.start_time,
            instance_warmup=self.app_servers.instance_warmup,
            bake_time=self.app_servers.bake_time,
            on_demand_percentage=self.app_servers.on_demand_percentage,
        )

    @cached_property
    def connections(self) -> budgets.Connections:
        """To Postgres and Redis; raises `DoesNotFit`."""
        max_connections = self.database.parameters.get("max_connections")
        return budgets.connections(
            instance_class=self.database.instance_class,
            max_connections=None if max_connections is None else int(max_connections),
            min_size=self.app_servers.min_size,
            max_size=self.app_servers.max_size,
            max_healthy_percentage=self.app_servers.max_healthy_percentage,
            workers=self.workers,
            warm_pool_size=self.app_servers.warm_pool_size,
        )

    @cached_property
    def open_files(self) -> int:
        """Of one process, at most; raises `DoesNotFit`."""
        return budgets.open_files(
            target_requests=self.app_servers.target_requests,
            keep_alive_timeout=self.timeline.keep_alive_timeout,
        )
