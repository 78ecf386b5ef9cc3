"""One at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.lock import exclusive, holder

HOLD = """
import sys
from pathlib import Path
from rehearsal.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_second_waits_and_is_told_who_works(tmp_path: Path) -> None:
    """By process id and command; it goes on when the first has ended, even if that was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        assert holder(tmp_path).startswith(f"process {first.pid} ({sys.executable} -c")
        first.kill()
        with exclusive(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_free_folder_is_taken_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And leaves no file."""
    with exclusive(tmp_path):
        assert holder(tmp_path).startswith("process ")
    assert capsys.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []
