"""A worker that is told to go finishes what it has begun."""

import json
import time

import pytest
from testinfra.host import Host

from tests.infra.conftest import environment, pm2

RESTART_SECONDS = 60
"""Within which PM2 has replaced workers that ended."""
UPLOAD_SECONDS = 2
"""How long the request in flight takes: its body arrives slowly; within the drain of the default budget."""
SLOW_LOG_IN = """
{ printf '{"email": "nobody@example.org", '; sleep %(seconds)d; printf '"password": "not the password"}'; } |
  curl --silent --output /dev/null --write-out '%%{http_code}' --request POST --upload-file - \
    --header 'Content-Type: application/json' --header 'Expect:' http://%(host)s:%(port)s/login &
request=$!
sleep 1
kill -%(signal)s %(workers)s
wait $request
"""
"""A log-in, answered 401 once its body is complete; the signal comes while the body is still arriving."""


def signal_with_a_request_in_flight(server: Host, signal: str) -> tuple[int, str]:
    """curl's exit status and the HTTP status of the request in flight when all workers got `signal`."""
    settings = environment(server)
    workers = " ".join(str(worker["pid"]) for worker in pm2(server))
    script = SLOW_LOG_IN % {
        "seconds": UPLOAD_SECONDS,
        "host": settings["HOST"],
        "port": settings["PORT"],
        "signal": signal,
        "workers": workers,
    }
    done = server.run(script)
    return done.rc, done.stdout


def wait_until_restarted(server: Host, before: set[int]) -> None:
    """PM2 has put a new worker in each one's place; while it waits to do so it shows the pid 0."""
    deadline = time.monotonic() + RESTART_SECONDS
    while any(worker["status"] != "online" or worker["pid"] in before for worker in pm2(server)):
        assert time.monotonic() < deadline, f"workers are not back after {RESTART_SECONDS} s"
        time.sleep(0.5)


@pytest.mark.disruptive
@pytest.mark.parametrize("signal", ["TERM", "INT"])
def test_a_request_in_flight_is_finished_after_the_signal(servers: list[Host], signal: str) -> None:
    """The request is answered as if nothing had happened, and every worker exits with 0 by itself."""
    server = servers[0]
    before = {worker["pid"] for worker in pm2(server)}
    assert signal_with_a_request_in_flight(server, signal) == (0, "401")
    wait_until_restarted(server, before)
    log = [json.loads(line) for line in server.check_output("tail -n 2000 /var/log/app/out.log").splitlines()]
    exits = {line["pid"]: line for line in log if line["message"] == "exit" and line["pid"] in before}
    assert exits.keys() == before
    assert {(line["code"], line["reason"]) for line in exits.values()} == {(0, f"SIG{signal}")}


@pytest.mark.disruptive
def test_a_killed_worker_does_not_finish_its_request(servers: list[Host]) -> None:
    """The twin: without the signal handler's help the same request is cut off."""
    server = servers[0]
    before = {worker["pid"] for worker in pm2(server)}
    status, answer = signal_with_a_request_in_flight(server, "KILL")
    assert (status != 0, answer) == (True, "000")
    wait_until_restarted(server, before)
