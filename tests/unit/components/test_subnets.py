"""How a VPC's addresses are shared out."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from components.subnets import SLOTS, layout

VPCS = st.builds(
    lambda prefix, n: IPv4Network((0x0A000000 + (n << (32 - prefix)), prefix)),
    st.integers(16, 22),
    st.integers(0, 255),
)


def test_a_16_is_half_app_a_quarter_data_a_quarter_public() -> None:
    """The servers, which are many and doubled while rolling, have the most room."""
    cidrs = {(subnet.tier, subnet.zone): str(subnet.cidr) for subnet in layout(IPv4Network("10.0.0.0/16"), 2)}
    assert cidrs == {
        ("app", 0): "10.0.0.0/19",
        ("app", 1): "10.0.32.0/19",
        ("data", 0): "10.0.128.0/20",
        ("data", 1): "10.0.144.0/20",
        ("public", 0): "10.0.192.0/20",
        ("public", 1): "10.0.208.0/20",
    }


@given(VPCS, st.integers(1, SLOTS))
def test_subnets_lie_in_the_vpc_apart_and_large_enough(vpc: IPv4Network, zones: int) -> None:
    """AWS refuses overlap, and anything smaller than /28."""
    cidrs = [subnet.cidr for subnet in layout(vpc, zones)]
    assert len(cidrs) == 3 * zones
    assert all(cidr.subnet_of(vpc) and cidr.prefixlen <= 28 for cidr in cidrs)
    assert not any(one.overlaps(other) for one, other in combinations(cidrs, 2))


@given(VPCS, st.integers(1, SLOTS - 1))
def test_another_zone_moves_no_subnet(vpc: IPv4Network, zones: int) -> None:
    """Moving one would replace everything in it."""
    assert set(layout(vpc, zones)) < set(layout(vpc, zones + 1))
