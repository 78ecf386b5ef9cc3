"""app.service, and who owns what."""

from tests.infra.server import ServingInstance


def test_the_app_is_a_service_that_comes_back(server: ServingInstance) -> None:
    """It runs, is one of the machine's own services, and is started again when it fails."""
    unit = server.unit
    assert (unit["ActiveState"], unit["UnitFileState"]) == ("active", "enabled")
    written = settings(server)
    assert written["Restart"] in ("on-failure", "always")
    assert "app/current/ecosystem.config.js" in written["ExecStart"]


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
    listed = server.host.check_output(
        "grep -h 'open files' /proc/%s/limits /proc/1/limits", server.unit["MainPID"]
    )
    app, init = (int(line.split()[-2]) for line in listed.splitlines())
    assert int(written["LimitNOFILE"]) >= 65536
    assert app >= min(int(written["LimitNOFILE"]), init), "the app has less than systemd could give"


def test_the_app_does_not_run_as_root(server: ServingInstance) -> None:
    """PM2 and every worker belong to the user `app`."""
    processes = [int(server.unit["MainPID"]), *server.pids()]
    owners = server.host.check_output(f"stat -c %U {' '.join(f'/proc/{pid}' for pid in processes)}")
    assert set(owners.split()) == {"app"}


def test_the_app_can_change_nothing_of_its_release(server: ServingInstance) -> None:
    """Everything in it is root's, and nobody else may write there."""
    loose = "find /opt/app/ \\( ! -user root -o -perm /022 \\) ! -type l -print"
    assert server.host.check_output(loose) == ""


def test_the_release_is_the_one_that_the_gate_names(server: ServingInstance, released: str) -> None:
    """On disk, in the app's environment and in what it answers: no server lags behind, none runs `latest`."""
    host, port = server.address
    assert server.host.check_output("basename $(readlink -f /opt/app/current)") == released
    assert server.environment["RELEASE"] == released
    assert released in server.host.check_output(f"curl --silent --fail http://{host}:{port}/healthz")


def settings(server: ServingInstance) -> dict[str, str]:
    """app.service as written, its drop-ins last."""
    written = server.host.check_output(
        "cat /etc/systemd/system/app.service /etc/systemd/system/app.service.d/*.conf"
    )
    return dict(line.split("=", 1) for line in written.splitlines() if "=" in line and line[0] != "#")
