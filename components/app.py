"""The app's settings, and the environment that it gets."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, InstanceOf

from budgets import Connections, Timeline
from budgets.pulumi_secrets import PulumiSecret
from budgets.times import QUEUE_WORKERS
from components.adoption import WEB, ProcessName, ProcessSettings
from components.release_build import BUILD, BuildSettings
from components.values import RelativeFolder, Seconds, Section, Text, Value

NodeMajor = Literal[20, 22, 24]
StorePart = Literal[
    "database.url",
    "database.host",
    "database.port",
    "database.name",
    "database.username",
    "database.password",
    "redis.url",
    "redis.host",
    "redis.port",
    "redis.password",
    "cache.url",
    "cache.host",
    "cache.port",
    "cache.password",
]
"""What there is to know of a store. `redis` is the one of sessions and queues."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppSettings:
    """The app, and what it promises about itself. Every time-out of the shutdown follows from this."""

    path: Text = "app"
    """The folder that is packed and released; holds ecosystem.config.js."""
    port: Annotated[int, Field(ge=1024, le=65534)] = 3000
    """Where a server listens, 1024 or higher; the boot test's worker listens at the next one."""
    node: NodeMajor = 22
    """Node.js, major version: 20, 22 or 24, as Amazon Linux 2023 has them."""
    workers: Annotated[int, Field(ge=1, le=128)] | Literal["max"] = "max"
    """PM2 workers per server, or max for one per vCPU. Budgets also count app.processes; without those one
    queue worker per server."""
    longest_request: Seconds = 30
    """The longest that an answer may take. A server that leaves is drained at least so long."""
    drain: Seconds = 1
    """How long a worker waits for its requests in flight when it is told to stop."""
    environment: dict[str, Value] = field(default_factory=dict)
    """More variables for the app. No secrets: these are readable in the launch template. No white space or
    quotes."""
    build: list[Text] = field(default_factory=lambda: [BUILD])
    """Scripts of package.json that make a release, in their order; `build` only where there is one."""
    build_environment: dict[Value, Value] = field(default_factory=dict)
    """Variables for those scripts, and no others: no secrets, and nothing that a server is to know."""
    all_files: bool = False
    """A release has every file of the app, whatever `files` of package.json names: that list is npm's, for a
    package that is published."""
    writable: list[RelativeFolder] = field(default_factory=list)
    """Folders below the app's that it writes to, such as logs: a release can't be written to. What is in them
    is the server's, and ends with it."""
    processes: dict[ProcessName, Section[ProcessSettings]] = field(default_factory=dict)
    """What runs on each server, by name, of an app that has no ecosystem.config.js: `web` serves, and is
    `npm start` where it is left out; the others work, all the time or by a schedule. Not with an
    ecosystem.config.js, which says it itself.

        {web: {command: "node dist/main.js"}, mailer: {command: "node dist/mailer.js", memory: 300M},
         digest: {command: "node dist/digest.js", schedule: "0 6 * * *", timeout: 600}}
    """
    store_variables: dict[str, StorePart] = field(default_factory=dict)
    """More variables that say where the stores are, for an app that reads no DATABASE_URL, REDIS_URL or
    CACHE_REDIS_URL:

        {DB_HOST: database.host, DB_PASSWORD: database.password}
    """
    plain_environment: list[str] = field(default_factory=list)
    """Names of such variables that look like secrets and are none, such as STRIPE_PUBLISHABLE_KEY."""
    secrets: dict[str, InstanceOf[PulumiSecret] | Value] = field(default_factory=dict)
    """Secrets for the app, by variable. Each is a Pulumi secret, which is kept in Secrets Manager:

        pulumi config set --secret --path 'evenkeel:app.secrets.JWT_SECRET'

    or, written into this file, the ARN of a secret that exists, in the stack's region; of one value in it, if
    it is JSON:

        {JWT_SECRET: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf:jwt::"}

    A new value replaces the servers, at the next deployment. See docs/runbooks/secrets.md.
    """

    @property
    def built_by(self) -> BuildSettings:
        """What a release depends on, besides the app's files."""
        return BuildSettings(
            scripts=tuple(self.build),
            environment=self.build_environment,
            all_files=self.all_files,
            writable=tuple(self.writable),
            processes=self.processes,
        )

    @property
    def jobs(self) -> int:
        """Of its processes those that run by a schedule."""
        return sum(process.is_job for process in self.processes.values())

    @property
    def background(self) -> int:
        """Processes of a server that neither serve nor are jobs; one where the kit does not know them."""
        if not self.processes:
            return QUEUE_WORKERS
        others = (one for name, one in self.processes.items() if name != WEB and not one.is_job)
        return sum(one.instances for one in others)

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


def environment(
    app: AppSettings, timeline: Timeline, connections: Connections, *, https: bool, metrics_namespace: str
) -> dict[str, str]:
    """What the app is told besides addresses and secrets: docs/architecture.md, "The app's environment"."""
    return {
        **app.environment,
        "NODE_ENV": "production",
        "METRICS_NAMESPACE": metrics_namespace,
        "WEB_CONCURRENCY": str(app.workers),
        **({"DATABASE_POOL_SIZE": str(connections.pool_size)} if connections.pool_size else {}),
        "COOKIE_SECURE": "true" if https else "false",
        "DRAIN_TIMEOUT_MS": str(timeline.drain_timeout * 1000),
        "KILL_TIMEOUT_MS": str(timeline.kill_timeout * 1000),
        "LISTEN_TIMEOUT_MS": str(timeline.listen_timeout * 1000),
        "KEEP_ALIVE_TIMEOUT_MS": str(timeline.keep_alive_timeout * 1000),
    }
