"""What PM2 says of a server's workers, without a server."""

import json
from typing import Any
from unittest.mock import Mock

from pytest_evenkeel.server import LastWords, ServingInstance


def worker(pid: int, status: str) -> dict[str, Any]:
    """As PM2 lists it."""
    numbers = ("pm_id", "kill_timeout", "listen_timeout", "max_memory_restart", "unstable_restarts")
    texts = ("exec_mode", "pm_out_log_path", "pm_err_log_path")
    return (
        {"pid": pid, "status": status, "name": "app", "serves": True}
        | dict.fromkeys(numbers, 0)
        | dict.fromkeys(texts, "")
    )


def server(host: Mock) -> ServingInstance:
    return ServingInstance("i-1", "eu-west-1a", host, Mock())


def test_only_workers_that_run_have_a_pid() -> None:
    """PM2 lists 0 for one that waits to be restarted; `kill 0` would end whoever says it.

    The queue's is none of them.
    """
    listed = [worker(41, "online"), worker(0, "waiting restart"), worker(0, "online"), worker(42, "stopping")]
    listed.append(worker(43, "online") | {"name": "worker", "serves": False})
    host = Mock(check_output=Mock(return_value=json.dumps(listed)))
    assert server(host).pids() == {41}


def test_a_worker_that_said_nothing_has_no_last_words() -> None:
    """Those of others are not taken for its own, and a log without any is no failure."""
    said = '{"message":"exit","pid":41,"code":0,"reason":"SIGTERM"}\n'
    for stdout, known in ((said, {41: LastWords(code=0, reason="SIGTERM")}), ("", {})):
        assert server(Mock(run=Mock(return_value=Mock(stdout=stdout)))).last_words([41, 42]) == known
