"""A stack that is up."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A deployed stack: its outputs, and the environment in which AWS clients reach it."""

    outputs: dict[str, Any]
    environment: dict[str, str]
