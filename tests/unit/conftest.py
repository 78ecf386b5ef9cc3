"""What keeps the unit tests quick."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def no_managed_policies() -> Iterator[None]:
    """Without AWS's 1,500 managed policies, which moto makes whenever it begins afresh: no test uses one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        yield
