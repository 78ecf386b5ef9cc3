"""One cloud for each test module."""

from collections.abc import Iterator

import pytest

from testkit.waiting import eventually
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
