"""Availability zones: which of them a fault has taken away."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class Zones:
    """Shared by all bodies; each sees for itself that a zone of its own is lost.

    Any thread may change `lost`; the bodies read it, each in its `reconcile`.
    """

    lost: set[str] = field(default_factory=set)
    """Names such as `eu-central-1a`: whatever runs there dies, and nothing can be launched there."""
    is_short: Callable[[str], bool] = lambda _: False
    """Whether a zone has no machine for a launch just now; asked once a launch."""
