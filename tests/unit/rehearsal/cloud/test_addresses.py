"""Addresses: one /16 for each cloud, each address once."""

import ipaddress
from collections.abc import Iterator

import pytest

from rehearsal.cloud.addresses import Addresses, AddressesTakenError


@pytest.fixture
def addresses() -> Iterator[Addresses]:
    """A claim of its own, so that running clouds are not in the way."""
    addresses = Addresses(range(200, 255))
    yield addresses
    addresses.release()


def test_two_clouds_never_share_a_network(addresses: Addresses) -> None:
    """The second takes the next free number."""
    other = Addresses(range(200, 255))
    try:
        assert not addresses.network.overlaps(other.network)
    finally:
        other.release()


def test_a_network_is_free_again_after_its_release(addresses: Addresses) -> None:
    """And taken until then."""
    number = addresses.network.network_address.packed[1]
    with pytest.raises(AddressesTakenError, match="make down"):
        Addresses(range(number, number + 1))
    addresses.release()
    again = Addresses(range(number, number + 1))
    assert again.network == addresses.network
    again.release()


def test_no_address_is_handed_out_twice(addresses: Addresses) -> None:
    """Each lies in the cloud's network."""
    taken = [addresses.take() for _ in range(1000)]
    assert len(set(taken)) == 1000
    assert all(ipaddress.IPv4Address(address) in addresses.network for address in taken)
