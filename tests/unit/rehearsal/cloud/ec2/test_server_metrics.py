"""A server's CPU time is that of all its processes."""

import os
import signal
import subprocess
import time
from types import SimpleNamespace

from rehearsal.cloud.ec2.server_metrics import counts, cpu_time
from testkit.waiting import eventually


def test_cpu_time_is_of_the_whole_tree() -> None:
    """A shell that does nothing itself, and its grandchild that never rests; nothing of one that has gone."""
    busy = "while :; do :; done"
    shell = subprocess.Popen(["sh", "-c", f"sh -c 'sh -c \"{busy}\"; :'; :"], start_new_session=True)
    try:
        eventually(lambda: cpu_time(shell.pid) >= 0.1)
        before = cpu_time(shell.pid)
        time.sleep(0.1)
        assert cpu_time(shell.pid) >= before
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    assert cpu_time(shell.pid) == 0


def test_a_server_counts_for_its_group_once_it_has_warmed_up() -> None:
    """Not as it boots, not in the warm pool, not before its warm-up is over."""
    member = SimpleNamespace(
        instance=SimpleNamespace(id="i-1"), lifecycle_state="InService", in_service_since=time.monotonic()
    )
    group = SimpleNamespace(
        instance_states=[member], default_instance_warmup=60, health_check_grace_period=None
    )
    assert not counts(group, "i-1")
    member.in_service_since -= 60
    assert counts(group, "i-1")
    assert not counts(group, "i-of-the-warm-pool")
    member.lifecycle_state = "Pending:Wait"
    assert not counts(group, "i-1")
