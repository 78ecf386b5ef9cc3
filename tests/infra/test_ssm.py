"""The transport itself: what a command says comes back as it was said."""

import hashlib

from pytest_evenkeel.server import ServingInstance

MANY = 30_000
"""Random bytes: as text and packed they are longer than what SSM returns of a command."""


def test_output_comes_back_byte_by_byte(server: ServingInstance) -> None:
    """Beyond ASCII, beyond UTF-8, both streams, without a line's end, and the exit code with it."""
    said = server.host.run("printf 'Zoë %%s\\377' %s; printf 'naïve' >&2; exit 7", "it's 100%")
    assert (said.rc, said.stdout_bytes) == (7, "Zoë it's 100%".encode() + b"\xff")
    assert said.stderr == "naïve"


def test_output_longer_than_ssm_returns_is_whole(server: ServingInstance) -> None:
    """It is fetched in pieces, and nothing of it is left on the server."""
    random = f"head -c {MANY} /dev/urandom | base64 --wrap=0 | tee /dev/stderr | sha256sum"
    said = server.host.run(f"{random}; dirname $(readlink /proc/$$/fd/1)")
    digest, _, folder = said.stdout.split()
    assert digest == hashlib.sha256(said.stderr_bytes).hexdigest()
    assert len(said.stderr) == MANY * 4 / 3
    assert folder.startswith("/tmp/tmp.")
    assert server.host.run("test -e %s", folder).failed
