"""What several of these checks need to know; plugin.py has the stack and its servers."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.stack import Stack


@pytest.fixture
def released(stack: Stack, aws: Callable[[str], Any]) -> str:
    """The digest of the release that the `release` gate let through."""
    parameter = aws("ssm").get_parameter(Name=stack.gates["release"])["Parameter"]
    digest: str = parameter["Value"].split()[0]
    return digest
