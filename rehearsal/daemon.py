"""The rehearsal's cloud as a process in the background: find it, start it, end it.

There is no pid file to go stale. The process is known by its command line, which names its state folder, and
is signalled through a pidfd, which can't come to mean another process.
"""

import datetime
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal import sigv4
from rehearsal.access_key import AccessKey
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import CloudError
from rehearsal.isolation.isolation import CHOICE
from rehearsal.machine import as_root, check_port
from rehearsal.progress import Progress

_START = 60.0  # seconds in which the cloud has to answer
_END = 30.0  # seconds it gets to end its servers and databases before it is killed
_TOLD = 30.0  # seconds for the cloud to do what it is told; that of a busy machine takes some
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy can't reach our loopback


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudProcess:
    """A cloud that runs."""

    pid: int
    port: int


def arguments(*, port: int | str, state: Path, mean: int | None = None) -> list[str]:
    """The cloud's command line after the interpreter; `mean` is the seed of a mean cloud."""
    seed = [] if mean is None else ["--mean", str(mean)]
    return ["-m", "rehearsal.cloud", "--port", str(port), "--state", str(state), *seed]


def find(state: Path) -> CloudProcess | None:
    """The cloud that runs for this state folder."""
    for process in Path("/proc").glob("[0-9]*"):
        if (port := serves(int(process.name), state)) is not None:
            return CloudProcess(pid=int(process.name), port=port)
    return None


def serves(pid: int, state: Path) -> int | None:
    """The port of the cloud that this process is; None when it is no cloud, or another state folder's."""
    try:
        interpreter, *rest = (
            Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        )
    except (OSError, ValueError):
        return None  # it ended meanwhile, or is one of the kernel's
    if "python" in Path(interpreter).name and rest[:6] == arguments(port="".join(rest[3:4]), state=state):
        return int(rest[3])
    return None


def start(rehearsal: Rehearsal, mean: int | None = None) -> None:
    """Starts the cloud and waits until it answers; raises with the end of its log when it does not."""
    check_port(rehearsal.port)
    command = [sys.executable, *arguments(port=rehearsal.port, state=rehearsal.state, mean=mean)]
    environment = {
        "PATH": rehearsal.search_path(os.environ["PATH"]),
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        **({CHOICE: os.environ[CHOICE]} if CHOICE in os.environ else {}),
    }
    if as_root():
        subprocess.run(["sudo", "--validate"], check=True)  # asks for the password where it can be typed
        command = ["sudo", "env", *(f"{name}={value}" for name, value in environment.items()), *command]
    rehearsal.make_state()
    key = AccessKey.make(rehearsal.state)  # here, since the cloud may be root's, and the key is ours
    with rehearsal.log.open("ab") as log, Progress("starting the cloud") as progress:
        process = subprocess.Popen(
            command,
            cwd=rehearsal.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START
        while rows(rehearsal.endpoint, key) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                end(rehearsal.state)
                raise CloudError(
                    f"The cloud did not start. The end of {rehearsal.log}:\n{last_lines(rehearsal.log, 15)}"
                )
            progress.detail = last_lines(rehearsal.log, 1)
            time.sleep(0.1)


def end(state: Path) -> bool:
    """Ends the cloud of this state folder, and with it all that it runs; False when there was none."""
    cloud = find(state)
    if cloud is None:
        return False
    try:
        process = os.pidfd_open(cloud.pid)
    except ProcessLookupError:
        return True
    try:
        if serves(cloud.pid, state) is None:
            return True  # it ended between the two looks
        with Progress("ending the cloud"):
            for number, seconds in ((signal.SIGTERM, _END), (signal.SIGKILL, 5.0)):
                send(process, cloud.pid, number)
                if select.select([process], [], [], seconds)[0]:
                    return True
    finally:
        os.close(process)
    raise CloudError(f"Process {cloud.pid}, the rehearsal's cloud, does not end, not even when killed.")


def send(process: int, pid: int, number: signal.Signals) -> None:
    """Signals the process behind the pidfd; through sudo where the cloud is root's and we are not."""
    if as_root():
        subprocess.run(["sudo", "kill", f"-{number.value}", str(pid)], check=False)
        return
    try:
        signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return  # it ended by itself


def rows(endpoint: str, key: AccessKey) -> list[dict[str, Any]] | None:
    """What the cloud says runs where; None when it does not answer."""
    try:
        with _DIRECT.open(_signed("GET", endpoint, "/_evenkeel/status", key), timeout=5) as answer:
            said: list[dict[str, Any]] = json.load(answer)
            return said
    except OSError:
        return None


def freedoms(endpoint: str, key: AccessKey) -> dict[str, Any]:
    """The seed of a mean cloud, and how often it took each freedom."""
    with _DIRECT.open(_signed("GET", endpoint, "/_evenkeel/freedoms", key), timeout=5) as answer:
        said: dict[str, Any] = json.load(answer)
        return said


def inject(endpoint: str, key: AccessKey, action: str, target: str) -> None:
    """Lets a fault happen; raises with the cloud's reason where it can't."""
    _post(endpoint, key, "/_evenkeel/faults", {"action": action, "target": target})


def advance(endpoint: str, key: AccessKey, seconds: float) -> None:
    """Lets so many seconds have passed for the cloud; raises with the cloud's reason where it can't."""
    _post(endpoint, key, "/_evenkeel/clock", {"advance": seconds})


def _post(endpoint: str, key: AccessKey, page: str, said: dict[str, Any]) -> None:
    body = json.dumps(said).encode()
    try:
        _DIRECT.open(_signed("POST", endpoint, page, key, body), timeout=_TOLD).close()
    except urllib.error.HTTPError as error:
        raise CloudError(error.read().decode().strip()) from error


def _signed(
    method: str, endpoint: str, page: str, key: AccessKey, body: bytes | None = None
) -> urllib.request.Request:
    headers = {"host": urlsplit(endpoint).netloc, "content-type": "application/json"}
    asked = sigv4.WireRequest(method=method, path=page, query="", headers=headers)
    now = datetime.datetime.now(datetime.UTC).strftime(sigv4.TIME_FORMAT)
    signed = sigv4.sign(key.id, key.secret, asked, body or b"", time=now, region="local", service="evenkeel")
    return urllib.request.Request(f"{endpoint}{page}", body, {**headers, **signed}, method=method)


def last_lines(file: Path, count: int) -> str:
    """The end of a text file."""
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - 1000 * count))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
