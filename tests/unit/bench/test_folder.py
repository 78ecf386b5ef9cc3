"""A bench that is told to end leaves nothing behind."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.folder import ENDED
from testkit.checkout import ROOT

BENCH = """
import signal
import time
from bench.folder import working_folder
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal; a shell's background ignores it
with working_folder() as folder:
    try:
        print(folder, flush=True)
        time.sleep(60)
    finally:
        print("the block cleans up")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_bench_that_is_told_to_end_cleans_up(number: signal.Signals) -> None:
    """Without a traceback."""
    command = [sys.executable, "-c", BENCH]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as bench:
        assert bench.stdout is not None
        folder = Path(bench.stdout.readline().strip())
        assert folder.is_dir()
        bench.send_signal(number)
        printed, errors = bench.communicate(timeout=30)
    assert (bench.returncode, printed, errors) == (ENDED, "the block cleans up\n", "")
    assert not folder.exists()
