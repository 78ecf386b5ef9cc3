"""A process that does not serve, at PM2's signal: run by Node.js with what a release brings."""

import signal
import subprocess
from pathlib import Path

import pytest

from components.adoption import ADAPTER
from testkit.waiting import eventually

WORK = """\
const work = setInterval(() => {}, 1000);
const finish = (name) => console.log(`finished at ${name}`) || clearInterval(work);
const end = (name) => () => setTimeout(finish, 100, name);
"""


def told(folder: Path, handlers: str, *, brought: bool = True) -> tuple[int, str]:
    """Exit code and output of a worker with these handlers, an ECMAScript module, after SIGINT."""
    (folder / "worker.mjs").write_text(f"{WORK}{handlers}\nconsole.log('at work');")
    options = ["--require", str(ADAPTER / "signals.cjs")] if brought else []
    out = folder / "out"
    with out.open("w") as file:
        worker = subprocess.Popen(["node", *options, folder / "worker.mjs"], stdout=file)
    try:
        eventually(lambda: "at work" in out.read_text(), poll=0.02)
        worker.send_signal(signal.SIGINT)
        return worker.wait(timeout=20), out.read_text()
    finally:
        worker.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_worker_finishes_its_job_by_the_handler_that_it_has(tmp_path: Path, name: str) -> None:
    """Apps written for containers know SIGTERM alone."""
    code, said = told(tmp_path, f"process.on('{name}', end('{name}'));")
    assert (code, said) == (0, f"at work\nfinished at {name}\n")


def test_a_worker_with_both_handlers_is_told_once(tmp_path: Path) -> None:
    """By the signal that came."""
    both = "process.on('SIGTERM', end('SIGTERM')); process.on('SIGINT', end('SIGINT'));"
    assert told(tmp_path, both) == (0, "at work\nfinished at SIGINT\n")


def test_a_worker_without_handlers_ends_at_once(tmp_path: Path) -> None:
    """As it would without the kit."""
    assert told(tmp_path, "") == (-signal.SIGINT, "at work\n")


def test_without_the_kits_part_the_same_job_is_cut_off(tmp_path: Path) -> None:
    """The twin."""
    code, said = told(tmp_path, "process.on('SIGTERM', end('SIGTERM'));", brought=False)
    assert (code, said) == (-signal.SIGINT, "at work\n")
