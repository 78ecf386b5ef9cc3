"""PM2 runs what the settings say."""

import json
import math

from pytest_evenkeel.server import ECOSYSTEM, ServingInstance
from pytest_evenkeel.survey import Question

PROCESSORS = Question("nproc")
MEMORY = Question("awk '/^MemTotal/ { print $2 }' /proc/meminfo")
"""In KiB."""
APPS = Question(
    f"node -p %s {ECOSYSTEM}", ["JSON.stringify(require(process.argv[1]).apps.map(({ name }) => name))"]
)
LOGS = Question("stat -c '%U %a' /var/log/app; stat -c %U /var/log/app/*.log")


def test_pm2_runs_as_many_workers_as_the_settings_name(server: ServingInstance) -> None:
    """Each in cluster mode and online; `max` is one a vCPU."""
    wanted = server.environment["WEB_CONCURRENCY"]
    assert len(server.workers) == int(server.told(PROCESSORS) if wanted == "max" else wanted)
    assert {worker.exec_mode for worker in server.workers} == {"cluster_mode"}
    assert {worker.status for worker in server.workers} == {"online"}


def test_pm2_kills_no_earlier_than_the_budget_allows(server: ServingInstance) -> None:
    """kill_timeout is the budget's, longer than the app's own drain, and shorter than systemd's patience."""
    assert {worker.kill_timeout / 1000 for worker in server.workers} == {server.kill_seconds}
    assert server.drain_seconds < server.kill_seconds < seconds(server.unit["TimeoutStopUSec"])


def test_every_app_of_the_ecosystem_file_runs(server: ServingInstance) -> None:
    """And all of them have left before systemd's patience ends: PM2 stops some at a time."""
    assert {one.name for one in server.processes} == set(json.loads(server.told(APPS)))
    assert {one.status for one in server.processes} == {"online"}
    assert all(one.kill_timeout / 1000 <= server.kill_seconds for one in server.processes)
    (at_once,) = [
        int(value)
        for name, _, value in (one.partition("=") for one in server.unit["Environment"].split())
        if name == "PM2_CONCURRENT_ACTIONS"
    ]
    rounds = math.ceil(len(server.processes) / at_once)
    assert rounds * server.kill_seconds < seconds(server.unit["TimeoutStopUSec"])


def test_pm2_waits_for_a_new_worker_as_long_as_the_budget_allows(server: ServingInstance) -> None:
    """A worker counts as started when it says so, or after listen_timeout."""
    wanted = int(server.environment["LISTEN_TIMEOUT_MS"])
    assert {(worker.wait_ready, worker.listen_timeout) for worker in server.workers} == {(True, wanted)}


def test_a_worker_may_not_take_all_of_the_servers_memory(server: ServingInstance) -> None:
    """PM2 restarts one that grows past `max_memory_restart`."""
    memory = int(server.told(MEMORY)) * 1024
    assert all(0 < worker.max_memory_restart < memory for worker in server.workers)


def test_no_worker_fails_again_and_again(server: ServingInstance) -> None:
    """PM2 counts the restarts of workers that end soon after their start."""
    assert {worker.unstable_restarts for worker in server.workers} == {0}


def test_all_workers_write_the_same_two_logs(server: ServingInstance) -> None:
    """Merged, so that one file tells a server's story; only the app's user and root read them."""
    assert {worker.merge_logs for worker in server.workers} == {True}
    assert {(worker.pm_out_log_path, worker.pm_err_log_path) for worker in server.workers} == {
        ("/var/log/app/out.log", "/var/log/app/error.log")
    }
    folder, *files = server.told(LOGS).splitlines()
    assert folder == "app 750"
    assert set(files) == {"app"}


def seconds(span: str) -> float:
    """A time span as `systemctl show` writes it: `1min 30s`."""
    units = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001}
    total = 0.0
    for part in span.split():
        unit = part.lstrip("0123456789.")
        total += float(part.removesuffix(unit)) * units[unit]
    return total
