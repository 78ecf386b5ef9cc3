"""An app without stores, and then with a database that the kit did not make."""

import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import yaml
from pg8000.native import Connection

from testkit.checkout import succeed
from testkit.load import Load
from testkit.own_repository import OwnRepository, wheels

SERVER = """\
import { createServer } from 'node:http';
import pg from 'pg';

const { env } = process;
if (!env.GREETING) throw new Error('There is no GREETING.');
const pool = env.DB_HOST && new pg.Pool({
  host: env.DB_HOST,
  port: env.DB_PORT,
  user: env.DB_USER,
  password: env.DB_PASSWORD,
  database: env.DB_NAME,
  ssl: true,
});
const QUERY = 'SELECT current_user AS user, count(*)::int AS orders FROM orders';
createServer(async (request, response) => {
  const names = Object.keys(env).filter((name) => /DATABASE|REDIS|^DB_/.test(name)).sort();
  const rows = pool && (await pool.query(QUERY)).rows;
  response.end(JSON.stringify({ names, rows, greeting: env.GREETING }));
}).listen(env.PORT);
"""
SCHEMA = "CREATE TABLE orders (id bigint PRIMARY KEY);\n"
PACKAGE = {
    "name": "shop",
    "type": "module",
    "scripts": {"start": "node server.js"},
    "dependencies": {"pg": "8.23.1"},
}
PASSWORDS = {"keeper": "k" * 24, "clerk": "c@" * 12}
VARIABLES = {
    "DB_HOST": "database.host",
    "DB_PORT": "database.port",
    "DB_NAME": "database.name",
    "DB_USER": "database.username",
    "DB_PASSWORD": "database.password",
}
SECRET = "evenkeel:app.secrets.GREETING"
UP = ("up", "--yes", "--skip-preview", "--stack", "local")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app that shows which variables of stores it has, and asks the database that they name."""
    folder = tmp_path_factory.mktemp("stores") / "shop"
    (folder / "migrations/1_orders").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(PACKAGE))
    (folder / "server.js").write_text(SERVER)
    (folder / "migrations/1_orders/migration.sql").write_text(
        "CREATE TABLE orders (id bigint PRIMARY KEY);\n"
    )
    lock = ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"]
    subprocess.run(lock, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def repository(shop: Path) -> Iterator[OwnRepository]:
    """Deployed without Redis and without a database, with a secret that was set before."""
    built = wheels(shop.parent, version="0.2.99")
    with OwnRepository.new(shop.parent / "infra", app=shop, wheel=built) as repository:
        change(repository, redis="none", database="none")
        succeed(repository.rehearsal("start"))
        succeed(repository.pulumi("config", "set", "--secret", "--path", SECRET, "hello", "--stack", "local"))
        assert repository.outputs() == {}
        succeed(repository.rehearsal("up"))
        yield repository


@pytest.mark.long
def test_an_app_without_stores_is_told_of_none(repository: OwnRepository) -> None:
    """And is served and rolled as any other, with the secret that it needed at its first deployment."""
    assert answer(repository) == {"names": [], "greeting": "hello"}
    assert {"database", "sessions", "cache"}.isdisjoint(repository.outputs())


@pytest.mark.long
def test_the_checks_of_the_servers_skip_what_is_not_there(repository: OwnRepository) -> None:
    """They say which store the stack has not; all else holds."""
    said = succeed(repository.check("-m", "not disruptive", "-rs")).stdout
    assert "the stack has no database" in said
    assert "failed" not in said


@pytest.mark.long
def test_an_existing_database_is_migrated_and_used_under_the_apps_own_names(
    repository: OwnRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack gets it in a rollout under load; the kit's alarms and migrations are about it."""
    for name, value in repository.administrator().items():
        monkeypatch.setenv(name, value)
    there = database_of_others()
    change(repository, app={"store_variables": VARIABLES}, database=there)
    with Load(repository.outputs()["url"], rate=30) as load:
        succeed(repository.pulumi(*UP))
        outcome = load.stop()
    assert outcome.requests > 300
    assert outcome.failed == 0, outcome.lines
    assert answer(repository) == {
        "names": sorted([*VARIABLES, "DATABASE_POOL_SIZE", "DATABASE_URL"]),
        "rows": [{"user": "clerk", "orders": 0}],
        "greeting": "hello",
    }
    assert repository.outputs()["database"] == "elsewhere"
    succeed(repository.pulumi("preview", "--expect-no-changes", "--stack", "local"))


@pytest.mark.long
def test_an_existing_database_outlives_the_stack(
    repository: OwnRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kit deletes what it made, and no more."""
    for name, value in repository.administrator().items():
        monkeypatch.setenv(name, value)
    succeed(repository.pulumi("destroy", "--yes", "--skip-preview", "--stack", "local"))
    (instance,) = boto3.client("rds").describe_db_instances()["DBInstances"]
    assert instance["DBInstanceIdentifier"] == "elsewhere"
    assert instance["DBInstanceStatus"] == "available"


def change(repository: OwnRepository, **sections: Any) -> None:
    """The settings of stack local: a group is added to what is there."""
    file = repository.folder / "stacks/Pulumi.local.yaml"
    content = yaml.safe_load(file.read_text())
    for name, values in sections.items():
        before = content["config"].get(f"evenkeel:{name}", {})
        merged = {**before, **values} if isinstance(values, dict) and isinstance(before, dict) else values
        content["config"][f"evenkeel:{name}"] = merged
    file.write_text(yaml.safe_dump(content))


def answer(repository: OwnRepository) -> dict[str, Any]:
    """What the app says, through the balancer."""
    told: dict[str, Any] = requests.get(repository.outputs()["url"], timeout=10).json()
    return told


def database_of_others() -> dict[str, Any]:
    """An RDS instance with a role for the app, as somebody else made them; the settings that name both."""
    rds, manager = boto3.client("rds"), boto3.client("secretsmanager")
    rds.create_db_instance(
        DBInstanceIdentifier="elsewhere",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="keeper",
        MasterUserPassword=PASSWORDS["keeper"],
        DBName="shop",
    )
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="elsewhere", WaiterConfig={"Delay": 1})
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier="elsewhere")["DBInstances"]
    host, port = instance["Endpoint"]["Address"], instance["Endpoint"]["Port"]
    authority = requests.get(f"{os.environ['AWS_ENDPOINT_URL']}/_evenkeel/ca.pem", timeout=10).text
    with Connection(
        "keeper",
        host=host,
        port=port,
        database="shop",
        password=PASSWORDS["keeper"],
        ssl_context=ssl.create_default_context(cadata=authority),
    ) as admin:
        admin.run(f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORDS['clerk']}'")
        admin.run("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO clerk")
    secrets = {
        user: manager.create_secret(
            Name=f"elsewhere-{user}", SecretString=json.dumps({"username": user, "password": password})
        )["ARN"]
        for user, password in PASSWORDS.items()
    }
    return {
        "name": "shop",
        "port": port,
        "admin_user": "keeper",
        "existing": {
            "address": host,
            "network": "127.0.0.0/8",
            "app_secret": secrets["clerk"],
            "admin_secret": secrets["keeper"],
            "identifier": "elsewhere",
        },
    }
