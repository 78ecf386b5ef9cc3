"""Root in a server is not root on the machine; tasks and stores are less. Each attack fails, both ways."""

import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rehearsal.isolation.isolation import CHOICE, WAYS, CannotIsolateError, Isolation, has_begun
from rehearsal.isolation.plan import FIRST_ID, of_a_server
from rehearsal.isolation.users import NoUserNamespaceError
from rehearsal.processes import UnprivilegedUser
from testkit.waiting import eventually
from tests.rehearsal import attacks
from tests.rehearsal.attacks import ATTACKS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root isolates")
NOBODY = UnprivilegedUser(uid=65534, gid=65534)
SECRET = "a secret of the machine's"
KINDS = ("server", "command", "task", "store")
"""What is isolated; a command is one that SSM runs in a server."""
SCRIPT = Path(attacks.__file__).read_text()
_ADD_KEY = {"x86_64": 248, "aarch64": 217}
_KEYCTL_UNLINK, _USER_KEYRING = 9, -4


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A process, a file in a home folder, one in a project, and a key: the machine's."""
    marker = f"evenkeel-victim-{os.getpid()}"
    project = tmp_path_factory.mktemp("project") / "secret"
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=Path.home(), prefix=".evenkeel-test-"))
        )
        victim = stack.enter_context(
            subprocess.Popen(["sh", "-c", f"read -r line # {marker}"], stdin=subprocess.PIPE)
        )
        for file in (project, home / "secret"):
            file.write_text(SECRET)
            file.chmod(0o600)
        key = _add_key(marker)
        try:
            yield {
                "secret": SECRET,
                "marker": marker,
                "pid": victim.pid,
                "home": str(home / "secret"),
                "project": str(project),
                "handle": _handle(home / "secret").hex(),
                "disk": Path("/").stat().st_dev,
                "scratch": "/tmp",
            }
            assert victim.poll() is None
        finally:
            _call_keyctl(_KEYCTL_UNLINK, key, _USER_KEYRING)


def _handle(file: Path) -> bytes:
    """As open_by_handle_at(2) takes it."""
    handle, mount = ctypes.create_string_buffer(136), ctypes.c_int()
    ctypes.cast(handle, ctypes.POINTER(ctypes.c_uint))[0] = 128
    done = ctypes.CDLL(None).name_to_handle_at(-100, bytes(file), handle, ctypes.byref(mount), 0)
    assert done == 0
    return handle.raw


def _add_key(name: str) -> int:
    secret = SECRET.encode()
    key = ctypes.CDLL(None).syscall(
        _ADD_KEY[platform.machine()], b"user", name.encode(), secret, len(secret), _USER_KEYRING
    )
    return int(key)


def _call_keyctl(*arguments: int) -> None:
    ctypes.CDLL(None).syscall(attacks._KEYCTL, *arguments)


@pytest.fixture(scope="module", params=WAYS)
def isolation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Isolation]:
    """One that isolates in this way, and in no other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CHOICE, request.param)
        yield Isolation(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def server(isolation: Isolation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The process 1 of a server, which does nothing."""
    console = tmp_path_factory.mktemp("server") / "console"
    console.touch()
    words = isolation.server(files={}, console=console, shown=())
    with subprocess.Popen([*words, "sleep", "600"]) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def init() -> int | None:
            found = children.read_text().split()
            return int(found[0]) if found and has_begun(int(found[0])) else None

        yield eventually(init, within=10)
        process.kill()


@pytest.fixture(scope="module")
def words(
    isolation: Isolation, server: int, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """What comes before a command, by kind."""
    folder = tmp_path_factory.mktemp("isolated")
    os.chown(folder, NOBODY.uid, NOBODY.gid)
    console = folder / "console"
    console.touch()
    return {
        "server": isolation.server(files={}, console=console, shown=()),
        "command": isolation.enter(server),
        "task": isolation.task(folder / "task"),
        "store": isolation.store(NOBODY, folder, shown=(Path(sys.prefix),)),
    }


def run(words: list[str], *command: str, given: str = "") -> str:
    """What a command prints, which has to succeed."""
    done = subprocess.run([*words, *command], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def attack(words: list[str], python: str, facts: dict[str, Any]) -> set[str]:
    """The names of the attacks that worked."""
    return set(json.loads(run(words, python, "-c", SCRIPT, given=json.dumps(facts))))


@pytest.fixture(scope="module")
def worked(words: dict[str, list[str]], facts: dict[str, Any]) -> dict[str, set[str]]:
    """The names of the attacks that worked, by kind."""
    python = {kind: "/usr/bin/python3" if kind == "store" else sys.executable for kind in KINDS}
    return {kind: attack(words[kind], python[kind], facts) for kind in KINDS}


@pytest.mark.parametrize("name", [each.__name__ for each in ATTACKS])
@pytest.mark.parametrize("kind", KINDS)
def test_an_attack_fails(worked: dict[str, set[str]], kind: str, name: str) -> None:
    """From inside, whoever one is there."""
    assert name not in worked[kind]


def test_each_attack_works_for_root_outside(facts: dict[str, Any], tmp_path: Path) -> None:
    """The twin: what fails above could work. In a mount namespace, so that nothing is left of it."""
    outside = attack(["unshare", "--mount"], sys.executable, {**facts, "scratch": str(tmp_path)})
    # What this machine has not, nobody can use.
    needs = {
        "read_memory": any(map(os.path.exists, ("/dev/mem", "/dev/kmsg", "/proc/kcore"))),
        "press_sysrq": Path("/proc/sysrq-trigger").exists(),
        "load_a_module": Path("/proc/modules").exists(),
        "write_a_release_agent": any(Path("/sys/fs/cgroup").glob("*/release_agent")),
        "find_a_key": Path("/proc/keys").exists(),
    }
    missing = {name for name, is_there in needs.items() if not is_there}
    assert outside >= {each.__name__ for each in ATTACKS} - missing


@pytest.mark.parametrize("kind", KINDS)
def test_it_runs_with_no_right_that_it_does_not_need(
    isolation: Isolation, words: dict[str, list[str]], kind: str
) -> None:
    """Root of a server has those over its own files; nobody gains any by a program of root's."""
    status = dict(line.split(":\t", 1) for line in run(words[kind], "cat", "/proc/self/status").splitlines())
    rights = of_a_server(own_users=isolation.has_users) if kind in ("server", "command") else ()
    kept = sum(1 << number for number in rights)
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")} == {kept}
    assert {int(status[name], 16) for name in ("CapInh", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_named_is_there(words: dict[str, list[str]], kind: str) -> None:
    """Of the machine's folders; of its users only those of the system, and nobody's password."""
    known = {"bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "mnt", "opt", "proc", "root"}
    known |= {"run", "sbin", "srv", "sys", "tmp", "usr", "var"}
    shown = {Path(path).parts[1] for path in (sys.prefix, os.path.realpath(sys.prefix), sys.base_prefix)}
    assert set(run(words[kind], "ls", "/").split()) <= known | shown
    assert run(words[kind], "ls", "/home").split() in (
        [],
        [path.name for path in Path("/home").glob("*") if str(path) in sys.prefix],
    )
    people = [
        line
        for line in run(words[kind], "cat", "/etc/passwd").splitlines()
        if 1000 <= int(line.split(":")[2]) < 65534
    ]
    assert people == []
    if kind in ("server", "command"):
        assert all(line.split(":")[1] == "*" for line in run(words[kind], "cat", "/etc/shadow").splitlines())


def test_root_of_a_server_owns_nothing_of_the_machine(server: int, isolation: Isolation) -> None:
    """With a user namespace it is another user; the machine's programs stay as they are in both ways."""
    user = int(
        dict(line.split(":\t") for line in Path(f"/proc/{server}/status").read_text().splitlines())[
            "Uid"
        ].split()[0]
    )
    assert user == (FIRST_ID if isolation.has_users else 0)
    name = f"/usr/local/bin/evenkeel-{os.getpid()}"
    run(isolation.enter(server), "sh", "-c", f"echo mine >{name} && rm /usr/bin/env")
    assert not Path(name).exists()
    assert Path("/usr/bin/env").exists()
    refused = subprocess.run(
        [*isolation.enter(server), "touch", f"{sys.prefix}/new"], capture_output=True, check=False
    )
    assert b"Read-only file system" in refused.stderr


def test_an_isolated_process_dies_with_who_started_it(isolation: Isolation, tmp_path: Path) -> None:
    """And all that it started, however that one ends."""
    words = isolation.task(tmp_path / "task")
    with subprocess.Popen(
        [*words, "sh", "-c", "sleep 600 & echo up; wait"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
    eventually(lambda: not any(Path("/proc", child).exists() for child in children), within=10)


def test_a_way_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With those that there are."""
    monkeypatch.setenv(CHOICE, "none")
    with pytest.raises(CannotIsolateError, match="'none': use user-namespaces or capabilities"):
        Isolation(tmp_path)


def test_without_user_namespaces_it_does_with_capabilities(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And says so; who asked for them by name is refused instead."""

    def refused() -> int:
        raise NoUserNamespaceError("unshare failed: No space left on device")

    monkeypatch.setattr("rehearsal.isolation.isolation.new_user_namespace", refused)
    monkeypatch.delenv(CHOICE, raising=False)
    assert not Isolation(tmp_path).has_users
    assert "without a user namespace" in caplog.text
    monkeypatch.setenv(CHOICE, WAYS[0])
    with pytest.raises(CannotIsolateError, match="No space left on device"):
        Isolation(tmp_path)
