"""A stage for each test; when all have ended, the stack is as it was."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.settings import Server
from testkit import access
from testkit.checkout import Checkout, succeed
from testkit.deployer import UP
from testkit.deployment import Deployment
from tests.faults.migrations.stage import MigrationStage


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
    return access.database(access.authority(deployment, tmp_path))


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    checkout: Checkout,
    deployment: Deployment,
    server: Server,
    migrations: Path,
    tmp_path: Path,
) -> Iterator[MigrationStage]:
    stage = MigrationStage(
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
