"""A stage for each test; when all have ended, the stack is as it was."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests

from migrator.settings import Server
from tests.checkout import Checkout, succeed
from tests.conftest import Deployment
from tests.faults.deployer import UP
from tests.faults.stage import Stage


@pytest.fixture(scope="package")
def migrations(checkout: Checkout) -> Iterator[Path]:
    """The app's migrations outside of the app, where npm would build the release again for each new one.

    In the end what the files say again is deployed.
    """
    stack = "stacks/Pulumi.local.yaml"
    text = (checkout.folder / stack).read_text()
    folder = checkout.folder / "migrations"
    shutil.copytree(checkout.folder / "app/prisma/migrations", folder)
    try:
        setting = f"config:\n  evenkeel:migrations:\n    path: {folder.name}\n"
        with checkout.changed(stack, text.replace("config:\n", setting)):
            yield folder
    finally:
        shutil.rmtree(folder)
        succeed(checkout.pulumi(*UP))


@pytest.fixture
def server(deployment: Deployment, aws_environment: None, tmp_path: Path) -> Server:
    """The stack's database, as its admin."""
    ca_file = tmp_path / "ca.pem"
    endpoint = deployment.environment["AWS_ENDPOINT_URL"]
    ca_file.write_bytes(requests.get(f"{endpoint}/_evenkeel/ca.pem", timeout=5).content)
    manager = boto3.client("secretsmanager")
    texts = [
        manager.get_secret_value(SecretId=one["ARN"])["SecretString"]
        for one in manager.list_secrets()["SecretList"]
    ]
    (admin,) = [text for text in texts if '"evenkeel_admin"' in text]
    secret = json.loads(admin)
    return Server(
        host=secret["host"],
        port=secret["port"],
        database=secret["dbname"],
        user=secret["username"],
        password=secret["password"],
        ca=str(ca_file),
    )


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    checkout: Checkout,
    deployment: Deployment,
    server: Server,
    migrations: Path,
    tmp_path: Path,
) -> Iterator[Stage]:
    stage = Stage(
        request.node.name,
        checkout=checkout,
        deployment=deployment,
        migrations=migrations,
        server=server,
        logs=tmp_path,
    )
    stage.set_up()
    yield stage
    stage.clear()
