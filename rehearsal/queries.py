"""What the app's queries cost the rehearsed database: app/src/cli/query-report.js, as the app's own user."""

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from rehearsal.aws import client
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import CloudError


def report(rehearsal: Rehearsal, arguments: Sequence[str]) -> int:
    """Prints the report and gives its exit code; the arguments are the report's own."""
    environment = rehearsal.environment(os.environ) | {
        "DATABASE_URL": database_url(rehearsal),
        "NODE_EXTRA_CA_CERTS": str(rehearsal.state / "ca.pem"),
    }
    command = ["node", str(rehearsal.root / "app/src/cli/query-report.js"), *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def database_url(rehearsal: Rehearsal) -> str:
    """How the app reaches its database, as one of the stack's secrets says."""
    admins = {
        instance["MasterUsername"]
        for instance in client(rehearsal, "rds").describe_db_instances()["DBInstances"]
    }
    for access in secrets(rehearsal):
        if access.get("dbname") and access["username"] not in admins:
            user, password = quote(access["username"], safe=""), quote(access["password"], safe="")
            where = f"{access['host']}:{access['port']}/{quote(access['dbname'], safe='')}"
            return f"postgresql://{user}:{password}@{where}?sslmode=verify-full"
    raise CloudError("No database is deployed here. `make up` deploys one.")


def secrets(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """The values of the secrets that are JSON."""
    manager = client(rehearsal, "secretsmanager")
    listed = [secret["ARN"] for secret in manager.list_secrets()["SecretList"]]
    values = [manager.get_secret_value(SecretId=arn)["SecretString"] for arn in listed]
    return [json.loads(value) for value in values if value.startswith("{")]
