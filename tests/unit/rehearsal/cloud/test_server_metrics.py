"""A server's CPU time is that of all its processes."""

import os
import signal
import subprocess
import time

from rehearsal.cloud.server_metrics import cpu_time


def test_cpu_time_is_of_the_whole_tree() -> None:
    """A shell that does nothing itself, and its grandchild that never rests; nothing of one that has gone."""
    busy = "while :; do :; done"
    shell = subprocess.Popen(["sh", "-c", f"sh -c 'sh -c \"{busy}\"; :'; :"], start_new_session=True)
    try:
        deadline = time.monotonic() + 10
        while cpu_time(shell.pid) < 0.1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        before = cpu_time(shell.pid)
        time.sleep(0.1)
        assert cpu_time(shell.pid) >= before
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    assert cpu_time(shell.pid) == 0
