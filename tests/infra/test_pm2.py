"""PM2 runs what the settings say."""

from tests.infra.server import ServingInstance


def test_pm2_runs_as_many_workers_as_the_settings_name(server: ServingInstance) -> None:
    """Each in cluster mode and online; `max` is one a vCPU."""
    workers = server.workers
    wanted = server.environment["WEB_CONCURRENCY"]
    assert len(workers) == int(server.host.check_output("nproc") if wanted == "max" else wanted)
    assert {worker.exec_mode for worker in workers} == {"cluster_mode"}
    assert {worker.status for worker in workers} == {"online"}


def test_pm2_kills_no_earlier_than_the_budget_allows(server: ServingInstance) -> None:
    """kill_timeout is the budget's, longer than the app's own drain, and shorter than systemd's patience."""
    assert {worker.kill_timeout / 1000 for worker in server.workers} == {server.kill_seconds}
    assert server.drain_seconds < server.kill_seconds < seconds(server.unit["TimeoutStopUSec"])


def test_every_app_of_the_ecosystem_file_runs(server: ServingInstance) -> None:
    """Beside the workers that serve it is one process at most, and leaves in time: the budgets count so."""
    listed = 'require("/opt/app/current/ecosystem.config.js").apps.map(({ name }) => name).join(" ")'
    processes = server.list_processes()
    assert {one.name for one in processes} == set(server.host.check_output("node -p %s", listed).split())
    assert {one.status for one in processes} == {"online"}
    others = [one for one in processes if not one.serves]
    assert len(others) <= 1
    assert all(one.kill_timeout / 1000 <= server.kill_seconds for one in others)


def test_pm2_waits_for_a_new_worker_as_long_as_the_budget_allows(server: ServingInstance) -> None:
    """A worker counts as started when it says so, or after listen_timeout."""
    wanted = int(server.environment["LISTEN_TIMEOUT_MS"])
    assert {(worker.wait_ready, worker.listen_timeout) for worker in server.workers} == {(True, wanted)}


def test_max_memory_restart_is_a_gigabyte(server: ServingInstance) -> None:
    """PM2 restarts a worker that grows past it."""
    assert {worker.max_memory_restart for worker in server.workers} == {2**30}


def test_no_worker_fails_again_and_again(server: ServingInstance) -> None:
    """PM2 counts the restarts of workers that end soon after their start."""
    assert {worker.unstable_restarts for worker in server.workers} == {0}


def test_all_workers_write_the_same_two_logs(server: ServingInstance) -> None:
    """Merged, so that one file tells a server's story; only the app's user and root read them."""
    workers = server.workers
    assert {worker.merge_logs for worker in workers} == {True}
    (logs,) = {(worker.pm_out_log_path, worker.pm_err_log_path) for worker in workers}
    owners = server.host.check_output("stat -c '%%U' %s %s", *logs).split()
    assert owners == ["app", "app"]
    assert server.host.check_output("stat -c '%U %a' /var/log/app") == "app 750"


def seconds(span: str) -> float:
    """A time span as `systemctl show` writes it: `1min 30s`."""
    units = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001}
    total = 0.0
    for part in span.split():
        unit = part.lstrip("0123456789.")
        total += float(part.removesuffix(unit)) * units[unit]
    return total
