"""Loopback addresses of a rehearsal cloud: a /16 of its own, 127.n.0.0, with one address for each server."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Network


class AddressesTakenError(RuntimeError):
    """Every /16 below 127.0.0.0/8 belongs to another cloud."""


class Addresses:
    """Hands out addresses of one /16 that no other cloud on this machine uses while this one lives.

    The claim is an abstract Unix socket: it belongs to the same network namespace as the addresses do, and
    the kernel lets go of it when the process ends, however it ends.
    """

    def __init__(self, candidates: Iterator[int] | range = range(1, 255)) -> None:
        self._claim, number = _claim_first(candidates)
        self.network = IPv4Network(f"127.{number}.0.0/16")
        self._hosts = (str(host) for host in self.network.hosts())

    def take(self) -> str:
        """A new address, never handed out before by this cloud."""
        return next(self._hosts)

    def release(self) -> None:
        """Give the whole /16 back."""
        self._claim.close()


def _claim_first(candidates: Iterator[int] | range) -> tuple[socket.socket, int]:
    for number in candidates:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0evenkeel-127.{number}")
        except OSError:
            claim.close()
        else:
            return claim, number
    raise AddressesTakenError(
        "no free /16 left below 127.0.0.0/8: another cloud holds each; end one with `make down` in its folder"
    )
