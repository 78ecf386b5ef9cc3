"""An account of moto's for each test."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.unit.stacks.preflight.account import (
    ROOMY,
    allow,
)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account in which nothing was made yet, with the quotas of a new one."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    allow(monkeypatch, ROOMY)
    with mock_aws():
        yield
