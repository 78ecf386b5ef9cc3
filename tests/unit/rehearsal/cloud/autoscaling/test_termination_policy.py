"""Whom scale-in takes first."""

from dataclasses import dataclass

from rehearsal.cloud.autoscaling.termination_policy import first_to_go


@dataclass(eq=False)
class CandidateServer:
    """In service, in zone a, of the current configuration, and unprotected, unless it says otherwise."""

    launched_at: float
    lifecycle_state: str = "InService"
    availability_zone: str = "a"
    configuration: str = "current"
    protected_from_scale_in: bool = False


def test_one_that_serves_nobody_yet_goes_first() -> None:
    """However new it is."""
    pending = CandidateServer(9, lifecycle_state="Pending:Wait")
    assert first_to_go([CandidateServer(1), pending], 1, "current") == [pending]


def test_zones_stay_balanced() -> None:
    """The fullest zone gives one, then the one that is fullest by then."""
    a1, a2, b1, b2, b3 = (
        CandidateServer(1),
        CandidateServer(2),
        *(CandidateServer(n, availability_zone="b") for n in (3, 4, 5)),
    )
    assert first_to_go([a1, a2, b1, b2, b3], 3, "current") == [b1, a1, b2]


def test_another_configuration_goes_before_the_oldest_and_a_protected_one_never() -> None:
    """Within a zone."""
    old, other = CandidateServer(1), CandidateServer(2, configuration="former")
    protected = CandidateServer(0, configuration="former", protected_from_scale_in=True)
    assert first_to_go([old, other, protected], 3, "current") == [other, old]
