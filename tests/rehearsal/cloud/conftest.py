"""One cloud for each test module."""

from collections.abc import Iterator
from typing import Any

import pytest

from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.postgres_instance import PASSWORD, available, set_parameter
from tests.rehearsal.cloud.running import RunningCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A running cloud, of which nothing may fail, and which has to end well and to leave no process."""
    cloud = RunningCloud(tmp_path_factory.mktemp("cloud") / "state")
    try:
        yield cloud
    finally:
        status = cloud.end()
    assert status == 0, cloud.log.read_text()
    assert cloud.own_failures() == [], cloud.log.read_text()
    eventually(lambda: cloud.processes() == set(), within=10)


@pytest.fixture(scope="module")
def fleet(cloud: RunningCloud) -> Fleet:
    """A network and a balancer."""
    return Fleet(cloud)


@pytest.fixture(scope="module")
def servers(fleet: Fleet) -> Iterator[Fleet]:
    """A group of two."""
    fleet.create_group("app", size=2)
    yield fleet
    fleet.delete_group("app")


@pytest.fixture
def group(servers: Fleet) -> Fleet:
    """The group, with both servers healthy and none but them asked, whatever the test before did to them."""
    servers.wait_for_answers_of(2)
    return servers


@pytest.fixture(scope="module")
def rds(cloud: RunningCloud) -> Any:
    """The RDS client."""
    return cloud.client("rds")


@pytest.fixture(scope="module")
def instance(rds: Any) -> Any:
    """An available instance with a parameter group of its own."""
    rds.create_db_parameter_group(
        DBParameterGroupName="main", DBParameterGroupFamily="postgres16", Description="main"
    )
    set_parameter(rds, "log_min_duration_statement", "250", "immediate")
    rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="16",
        Port=5499,
        MasterUsername="keel",
        MasterUserPassword=PASSWORD,
        DBName="app",
        AllocatedStorage=20,
        DBParameterGroupName="main",
        DeletionProtection=True,
        CACertificateIdentifier="rds-ca-rsa2048-g1",
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=31,
        EnableCloudwatchLogsExports=["postgresql"],
    )
    return available(rds)
