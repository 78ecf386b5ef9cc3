"""HAProxy's configuration of an endpoint, as text."""

from rehearsal.cloud.elbv2.tcp_endpoint import render


def test_every_target_is_a_server_behind_the_one_address() -> None:
    """In TCP mode, so that TLS ends in the store."""
    text = render("127.9.0.1", 6379, [("127.9.0.2", 6379), ("127.9.0.3", 6380)])
    assert "    mode tcp\n" in text
    assert "    bind 127.9.0.1:6379\n" in text
    assert text.endswith("    server s0 127.9.0.2:6379\n    server s1 127.9.0.3:6380\n")
