"""Children: they log, they end, and they do not outlive who started them."""

import signal
import subprocess
import sys
from pathlib import Path

from rehearsal.processes import Child, end_all
from testkit.waiting import eventually


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_child_has_a_log_and_an_exit_status(tmp_path: Path) -> None:
    """Errors and output in one file; its environment is what it was given."""
    child = Child(["sh", "-c", "echo out; echo err >&2; echo ${HOME-none}; exit 7"], log=tmp_path / "log")
    eventually(lambda: not child.alive)
    assert child.exit_status == 7
    assert (tmp_path / "log").read_text() == "out\nerr\nnone\n"


def test_who_ignores_the_signal_is_killed_in_time(tmp_path: Path) -> None:
    """With what it started; 137 as in a shell."""
    script = "trap '' TERM; sleep 60 & echo $!; wait"
    child = Child(["sh", "-c", script], log=tmp_path / "log")
    eventually(lambda: (tmp_path / "log").read_text().endswith("\n"))
    child.end(within=0.2)
    assert child.exit_status == 137  # by itself it would end with 0
    eventually(lambda: gone(int((tmp_path / "log").read_text())))


def test_several_end_together(tmp_path: Path) -> None:
    """One bound for all, and none needed for those that follow the signal."""
    # A shell starts what it runs in the background with SIGINT ignored, and children would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        children = [Child(["sleep", "60"], log=tmp_path / "log") for _ in range(5)]
    finally:
        signal.signal(signal.SIGINT, before)
    end_all(children, within=5, by=signal.SIGINT)
    assert [child.exit_status for child in children] == [130] * 5


def test_a_child_dies_with_the_one_who_started_it(tmp_path: Path) -> None:
    """However that ended."""
    script = (
        "import sys, time; from pathlib import Path; from rehearsal.processes import Child;"
        "print(Child(['sleep', '60'], log=Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    eventually(lambda: gone(child))
    parent.stdout.close()
