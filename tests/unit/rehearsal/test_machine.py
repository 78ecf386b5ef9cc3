"""What is asked of the machine."""

import socket

import pytest

from rehearsal import machine
from rehearsal.errors import MachineError


def test_everything_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the packages that carry it."""
    monkeypatch.setattr(
        machine, "PROGRAMS", {"sh": "dash", "no-such-balancer": "haproxy", "no-such-store": "redis-server"}
    )
    with pytest.raises(MachineError) as refused:
        machine.check("/bin:/usr/bin")
    assert str(refused.value) == (
        "These programs are missing: no-such-balancer, no-such-store. Run: "
        "sudo apt-get install haproxy redis-server"
    )


def test_a_free_port_is_no_error_and_has_no_holder() -> None:
    """It is free again at once after the check."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    machine.check_port(port)
    machine.check_port(port)
    assert machine.listener(port) is None
