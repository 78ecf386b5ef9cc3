"""PM2 runs what the settings say."""

from testinfra.host import Host

from tests.infra.conftest import environment, pm2

SECRET = "sed -n s/^SESSION_SECRET=//p /etc/evenkeel/app.env"
"""Prints the session secret, on the server alone."""


def test_every_worker_is_online_in_cluster_mode(servers: list[Host]) -> None:
    """As many workers as the settings name, each in cluster mode, none restarted since its start."""
    for server in servers:
        workers = pm2(server)
        wanted = environment(server)["WEB_CONCURRENCY"]
        count = int(server.check_output("nproc")) if wanted == "max" else int(wanted)
        assert len(workers) == count
        assert {worker["exec_mode"] for worker in workers} == {"cluster_mode"}
        assert {worker["status"] for worker in workers} == {"online"}


def test_pm2_kills_no_earlier_than_the_budget_allows(servers: list[Host]) -> None:
    """kill_timeout is the budget's, and longer than the app's own drain."""
    for server in servers:
        budget = environment(server)
        for worker in pm2(server):
            assert worker["kill_timeout"] == int(budget["KILL_TIMEOUT_MS"])
        assert int(budget["DRAIN_TIMEOUT_MS"]) < int(budget["KILL_TIMEOUT_MS"])


def test_a_worker_that_grows_past_a_gigabyte_is_restarted(servers: list[Host]) -> None:
    """max_memory_restart is set."""
    for server in servers:
        assert {worker["max_memory_restart"] for worker in pm2(server)} == {2**30}


def test_the_app_does_not_run_as_root(servers: list[Host]) -> None:
    """PM2 and its workers belong to the user `app`, who owns nothing of the release."""
    for server in servers:
        for worker in pm2(server):
            assert server.check_output("stat -c %%U /proc/%s", str(worker["pid"])) == "app"
        assert server.file("/opt/app/current/package.json").user == "root"


def test_secrets_are_readable_by_root_alone(servers: list[Host]) -> None:
    """The app's environment file is root's, and no process shows a secret among its arguments."""
    for server in servers:
        secrets_file = server.file("/etc/evenkeel/app.env")
        assert (secrets_file.user, oct(secrets_file.mode)) == ("root", "0o600")
        searched = server.run("bash -c %s", f"ps axww -o args | grep --fixed-strings --file=<({SECRET})")
        assert (searched.rc, searched.stdout) == (1, "")
        assert int(server.check_output(f"{SECRET} | wc -c")) > 32
