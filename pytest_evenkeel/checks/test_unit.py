"""app.service, and who owns what."""

import shlex

from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.survey import Question

WRITTEN = Question("cat /etc/systemd/system/app.service /etc/systemd/system/app.service.d/*.conf")
MAIN = "$(systemctl show app.service | sed -n s/^MainPID=//p)"
OPEN_FILES = Question(f"grep -h 'open files' /proc/{MAIN}/limits /proc/1/limits")
OWNERS = Question(f"stat -c '%n %U' /proc/{MAIN} $(pgrep --euid app | sed s#^#/proc/#) || true")
"""Of PM2 and of all that the app's user runs, though some may just have ended."""
LOOSE = Question("find /opt/app/ \\( ! -user root -o -perm /022 \\) ! -type l -print")
"""What someone else than root may change."""
RELEASE = Question("basename $(readlink -f /opt/app/current)")
HEALTH = Question(
    "address=$(sed -nE 's/^(HOST|PORT)=//p' /etc/evenkeel/app.env | paste -sd :);"
    " curl --silent --fail --max-time 10 http://$address/healthz"
)


def test_the_app_is_a_service_that_comes_back(server: ServingInstance) -> None:
    """It runs, is one of the machine's own services, and is started again when it fails."""
    assert (server.unit["ActiveState"], server.unit["UnitFileState"]) == ("active", "enabled")
    written = settings(server)
    assert written["Restart"] in ("on-failure", "always")
    program, command, ecosystem = shlex.split(written["ExecStart"])
    assert command == "start"
    assert all(path.startswith("/opt/app/current/") for path in (program, ecosystem))


def test_systemd_signals_pm2_alone_and_then_waits(server: ServingInstance) -> None:
    """PM2 tells its workers; SIGKILL comes to all of them after the budget's TimeoutStopSec."""
    written = settings(server)
    assert written["KillMode"] == "mixed"
    assert float(written["TimeoutStopSec"].removesuffix("s")) > server.kill_seconds


def test_the_app_can_open_many_files_and_gain_no_rights(server: ServingInstance) -> None:
    """As the unit says, and as the kernel holds the running process to it."""
    written = settings(server)
    assert {written[name] for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome")} == {"yes"}
    assert written["ProtectSystem"] in ("full", "strict")
    app, init = (int(line.split()[-2]) for line in server.told(OPEN_FILES).splitlines())
    assert int(written["LimitNOFILE"]) >= 65536
    assert app >= min(int(written["LimitNOFILE"]), init), "the app has less than systemd could give"


def test_the_app_does_not_run_as_root(server: ServingInstance) -> None:
    """PM2 and every process that it keeps belong to the user `app`."""
    owners = dict(line.split() for line in server.told(OWNERS).splitlines())
    processes = [int(server.unit["MainPID"]), *(one.pid for one in server.processes)]
    assert {owners[f"/proc/{pid}"] for pid in processes} == {"app"}


def test_the_app_can_change_nothing_of_its_release(server: ServingInstance) -> None:
    """Everything in it is root's, and nobody else may write there."""
    assert server.told(LOOSE) == ""


def test_the_release_is_the_one_that_the_gate_names(server: ServingInstance, released: str) -> None:
    """On disk, in the app's environment and in what it answers: no server lags behind, none runs `latest`."""
    assert server.told(RELEASE) == released
    assert server.environment["RELEASE"] == released
    assert released in server.told(HEALTH)


def settings(server: ServingInstance) -> dict[str, str]:
    """app.service as written, its drop-ins last."""
    lines = server.told(WRITTEN).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
