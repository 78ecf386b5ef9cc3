"""A test's table under a write load, and the stack that is to apply a migration to it."""

import sys
from hashlib import sha256
from pathlib import Path

import boto3

from components.migrations import MigrationsSettings
from migrator.settings import Server
from rehearsal import daemon
from rehearsal.access_key import AccessKey
from testkit.checkout import Checkout
from testkit.deployer import UP, Deployer
from testkit.deployment import Deployment
from testkit.waiting import eventually
from tests.faults.migrations.load import WriteLoad
from tests.faults.migrations.table import HeldTable

LOCK_TIMEOUT = MigrationsSettings().lock_timeout
"""Seconds; the rehearsal's stack leaves it at its default."""


class MigrationStage:
    """Everything has the test's own name, so that no two tests deploy the same."""

    def __init__(
        self,
        test: str,
        *,
        checkout: Checkout,
        deployment: Deployment,
        migrations: Path,
        server: Server,
        logs: Path,
    ) -> None:
        name = f"fault_{sha256(test.encode()).hexdigest()[:8]}"
        self.migration = f"29991231_{name}"
        self.file = migrations / self.migration / "migration.sql"
        self.table = HeldTable(name, server)
        self.load = WriteLoad(server, name)
        self.folder, self.environment = checkout.folder, deployment.environment
        self._gate = deployment.outputs["gates"]["schema"]
        self._logs = logs
        self.deployers: list[Deployer] = []

    def set_up(self) -> None:
        """The table and its migration, by default one that makes its index; the load starts."""
        self.table.make()
        self.migrates(f"CREATE INDEX {self.table.index} ON {self.table.name} ({self.table.held});\n")
        self.load.start()

    def migrates(self, sql: str) -> None:
        """Writes the migration's file."""
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(sql)

    def clear(self) -> None:
        """Ends what runs and leaves no trace; what the stack has of it goes with the next `up`."""
        self.load.stop()
        self.table.release()
        for deployer in self.deployers:
            deployer.kill()
        self.unlock()
        self.await_task()
        self.file.unlink()
        self.file.parent.rmdir()
        self.table.drop()
        self.table.run(f"DELETE FROM _prisma_migrations WHERE migration_name = '{self.migration}'")

    def up(self) -> Deployer:
        """`pulumi up`, started."""
        return self._start(["pulumi", *UP])

    def unlock(self) -> None:
        """A killed engine leaves its stack locked."""
        self._start(["pulumi", "cancel", "--yes", "--stack", "local"]).succeeded()

    def by_hand(self) -> Deployer:
        """The migrator itself, started by another deployer: the same migrations, the same database."""
        server = self.table.server
        environment = {
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGDATABASE": server.database,
            "PGUSER": server.user,
            "PGPASSWORD": server.password,
            "PGSSLROOTCERT": str(server.ca),
        }
        folder = str(self.file.parent.parent)
        return self._start([sys.executable, "-m", "migrator", "apply", "--migrations", folder], **environment)

    def await_task(self) -> None:
        """Waits until the task has ended."""
        eventually(lambda: not self.pids("ECS task"))

    def _start(self, command: list[str], **environment: str) -> Deployer:
        deployer = Deployer(
            command,
            folder=self.folder,
            environment={**self.environment, **environment},
            log=self._logs / f"{len(self.deployers)}.log",
        )
        self.deployers.append(deployer)
        self.table.deployer = deployer
        return deployer

    def pids(self, kind: str) -> list[int]:
        """The processes behind the cloud's resources of a kind, such as `ECS task`."""
        key = AccessKey.of_environment(self.environment)
        rows = eventually(lambda: daemon.rows(self.environment["AWS_ENDPOINT_URL"], key))
        return [row["pid"] for row in rows if row["kind"] == kind and row["pid"]]

    @property
    def attempts(self) -> list[tuple[bool, bool]]:
        """Of each attempt at the migration: whether it is finished, and whether it is rolled back."""
        rows = self.table.run(
            f"""SELECT finished_at IS NOT NULL, rolled_back_at IS NOT NULL FROM _prisma_migrations
                WHERE migration_name = '{self.migration}' ORDER BY started_at"""
        )
        return [(finished, rolled_back) for finished, rolled_back in rows]

    @property
    def gate_moved(self) -> bool:
        """Whether the `schema` gate knows the migration."""
        parameter = boto3.client("ssm").get_parameter(Name=self._gate)["Parameter"]
        return self.migration in parameter["Value"]
