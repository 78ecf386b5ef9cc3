"""How a rehearsal ends: destroyed, crashed, taken down. Nothing is left, and the next one starts."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from testkit.checkout import Checkout, succeed
from testkit.person import Person
from testkit.waiting import eventually

END_SECONDS = 30
"""Within which the kernel has ended what a killed cloud ran."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A rehearsal of this module's own."""
    own = Checkout.copy(tmp_path_factory.mktemp("end"))
    try:
        yield own
    finally:
        succeed(own.rehearsal("down"))


def processes_of(checkout: Checkout) -> list[str]:
    """Command lines of the processes that work in a checkout's state folder, name it, or have it mounted."""
    state = str(checkout.folder / ".rehearsal")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            directory = str((process / "cwd").readlink())
            mounts = (process / "mountinfo").read_text()
        except OSError:
            continue  # it ended meanwhile
        if state in line or state in mounts or directory.startswith(state):
            found.append(line)
    return found


def left(checkout: Checkout) -> list[str]:
    """Those that the kernel has not ended within its time."""
    with suppress(TimeoutError):
        eventually(lambda: not processes_of(checkout), within=END_SECONDS, poll=0.2)
    return processes_of(checkout)


@pytest.mark.long
def test_destroy_ends_every_process_and_forgets_every_resource(own: Checkout) -> None:
    """After `pulumi destroy` the cloud runs on, empty."""
    succeed(own.rehearsal("up"))
    succeed(own.pulumi("destroy", "--yes", "--stack", "local"))
    assert succeed(own.pulumi("stack", "export", "--stack", "local")).stdout.count('"aws:') == 0
    shown = succeed(own.rehearsal("status")).stdout
    assert "EC2 instance" not in shown
    assert "DB instance" not in shown
    assert "cache cluster" not in shown


@pytest.mark.long
def test_after_a_crash_nothing_runs_and_up_starts_afresh(own: Checkout) -> None:
    """The cloud killed with -9 takes every server, database and store along; the next `up` works."""
    succeed(own.rehearsal("up"))
    (cloud,) = [
        int(pid)
        for pid in subprocess.run(
            ["pgrep", "--full", f"rehearsal.cloud .*{own.folder}"], text=True, capture_output=True, check=True
        ).stdout.split()
    ]
    os.kill(cloud, signal.SIGKILL)
    assert left(own) == []
    started = succeed(own.rehearsal("up"))
    assert "starting afresh" in started.stdout + started.stderr
    person = Person.logged_in(own.outputs()["url"])
    assert person.who_am_i() == person.email


def test_down_leaves_no_process_and_no_file(own: Checkout) -> None:
    """The checkout is as git would have it, and nothing of it runs."""
    succeed(own.rehearsal("up"))
    succeed(own.rehearsal("down"))
    assert left(own) == []
    assert not (own.folder / ".rehearsal").exists()


def test_a_taken_port_is_named_with_who_holds_it(own: Checkout) -> None:
    """Nothing is started, and the message says what to change."""
    succeed(own.rehearsal("down"))
    endpoint = (own.folder / "stacks/Pulumi.local.yaml").read_text().split("endpoint: http://127.0.0.1:")[1]
    port = int(endpoint.split()[0])
    with subprocess.Popen(
        ["python3", "-m", "http.server", "--bind", "127.0.0.1", str(port)], stderr=subprocess.DEVNULL
    ) as holder:
        try:
            time.sleep(1)
            refused = own.rehearsal("up")
        finally:
            holder.terminate()
    assert refused.returncode != 0
    assert f"Port {port} of 127.0.0.1 can't be used: process {holder.pid}" in refused.stderr
    assert "evenkeel:aws.endpoint of stacks/Pulumi.local.yaml" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_a_rehearsal_the_environment_says_how_to_start_one(own: Checkout) -> None:
    """`make env` fails with the remedy instead of setting half an environment."""
    succeed(own.rehearsal("down"))
    refused = own.rehearsal("env")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "`make up` starts one" in refused.stderr
