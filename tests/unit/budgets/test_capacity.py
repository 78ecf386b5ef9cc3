"""Connections and open files: what production's are, and what is refused in which words.

What holds for every stack is in tests/unit/stacks/test_every_stack.py.
"""

import re
from pathlib import Path
from typing import Any

import pytest

import budgets
from budgets import Connections, DoesNotFit, open_files
from budgets.capacity import default_max_connections, workers

DEMANDS: dict[str, Any] = {
    "instance_class": "db.m7g.large",
    "max_connections": None,
    "min_size": 3,
    "max_size": 9,
    "max_healthy_percentage": 150,
    "workers": 2,
}
RECORD = (Path(__file__).parents[3] / "docs/adr/0013-pm2-up-to-fifty-servers.md").read_text()
RECORDED = re.findall(r"^\| `(db\.\S+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", RECORD, re.MULTILINE)


def test_connections_of_the_defaults() -> None:
    """14 servers while rolling x 2 workers and the queue's, and 2 while one reloads: 10 each, 8 to Redis."""
    assert budgets.connections(**DEMANDS) == Connections(
        max_connections=675, servers=14, processes=44, pool_size=10, redis_clients=352
    )


def test_a_stopped_server_of_the_warm_pool_holds_no_connection() -> None:
    """While it boots it holds those of its boot test's worker, which opens its whole pool first."""
    tight = {**DEMANDS, "max_connections": 44 * 5 + 15}
    assert budgets.connections(**tight).pool_size == 5
    assert budgets.connections(**tight, warm_pool_size=6).pool_size == 4
    assert budgets.connections(**tight, warm_pool_size=6).redis_clients == (44 + 6) * 8


def test_every_process_that_may_open_connections_is_counted() -> None:
    """Three in the background of each server; a job wherever it runs, once."""
    counted = budgets.connections(**DEMANDS, background=3, jobs=2)
    assert (counted.processes, counted.pool_size) == (14 * (2 + 3) + 2 + 2, 8)
    assert budgets.connections(**DEMANDS, background=0).processes == 14 * 2 + 2


def test_background_processes_and_jobs_are_named_in_a_refusal() -> None:
    """The largest group that fits leaves room for them."""
    demands = {**DEMANDS, "instance_class": "db.t4g.micro", "max_size": 30, "background": 3, "jobs": 4}
    with pytest.raises(DoesNotFit) as refused:
        budgets.connections(**demands)
    assert "45 servers while rolling x 5 processes + 2 of a reload + 4 jobs, 2" in str(refused.value)
    accepted = int(str(refused.value.problem.accepted))
    assert budgets.connections(**{**demands, "max_size": accepted, "min_size": 1}).pool_size >= 2


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        (
            {"instance_class": "db.t4g.micro", "max_size": 30},
            "evenkeel:app_servers.max_size is 30: 45 servers while rolling x 3 processes + 2 of a reload, 2 "
            "connections each, are more than the 69 usable ones of db.t4g.micro. Set it to 6.",
        ),
        (
            {"max_connections": 20, "min_size": 9},
            "evenkeel:database.parameters.max_connections is 20: 14 servers while rolling x 3 processes + 2 "
            "of a reload, 2 connections each, are more than the 5 usable ones of db.m7g.large (a larger "
            "database.instance_class has more memory for them). Set it to 103.",
        ),
        (
            {"instance_class": "db.z9.large"},
            "evenkeel:database.parameters.max_connections is not set: the memory of db.z9.large is not "
            "known. Set it to what `SHOW max_connections` says on that class, such as 400.",
        ),
        (
            {"max_connections": 100_000, "max_size": 4000},
            "evenkeel:app_servers.max_size is 4000: 6000 servers while rolling x 3 processes + 2 of a reload "
            "would open 144016 connections to Redis, which takes 64900. Set it to 1802.",
        ),
        (
            {"max_connections": 100_000, "min_size": 4000, "max_size": 8000, "warm_pool_size": 4000},
            "evenkeel:app_servers.warm_pool_size is 4000: 12000 servers while rolling x 3 processes + 2 of a "
            "reload + 4000 of the warm pool would open 320016 connections to Redis, which takes 64900. "
            "Set it to 0.",
        ),
        (
            {"max_connections": 100_000, "min_size": 4000, "max_size": 4000},
            "evenkeel:app_servers.min_size is 4000: 6000 servers while rolling x 3 processes + 2 of a reload "
            "would open 144016 connections to Redis, which takes 64900. Set it to 1802.",
        ),
    ],
)
def test_connections_that_do_not_fit_are_refused(difference: dict[str, Any], message: str) -> None:
    """With a change that is accepted."""
    with pytest.raises(DoesNotFit) as refused:
        budgets.connections(**{**DEMANDS, **difference})
    assert str(refused.value) == message


def test_workers_of_metal_are_not_guessed() -> None:
    """The number of workers is asked for instead."""
    with pytest.raises(DoesNotFit) as refused:
        workers("m7i.metal-24xl")
    assert str(refused.value) == (
        'evenkeel:app.workers is "max": the number of vCPUs of m7i.metal-24xl is not known. '
        "Set it to a number, such as 8."
    )


@pytest.mark.parametrize(
    ("instance_class", "expected"),
    [("db.t4g.micro", 84), ("db.m7g.large", 675), ("db.r7g.large", 1351), ("db.r7g.16xlarge", 5000)],
)
def test_a_class_has_the_connections_of_rds_formula_on_the_safe_side(
    instance_class: str, expected: int
) -> None:
    """Below LEAST(DBInstanceClassMemory / 9531392, 5000) of the class's whole memory."""
    assert default_max_connections(instance_class) == expected


def test_each_request_may_leave_a_connection_until_it_is_idle_for_too_long() -> None:
    """Twice 600 requests/s for 65 s are 78,000; 131,072 is the next power of two, and 65,536 the least."""
    assert open_files(target_requests=600, keep_alive_timeout=65) == 131_072
    assert open_files(target_requests=200, keep_alive_timeout=65) == 65_536


def test_more_than_linux_gives_a_process_is_refused() -> None:
    """With a value that fits to the last file."""
    with pytest.raises(DoesNotFit) as refused:
        open_files(target_requests=9000, keep_alive_timeout=65)
    assert str(refused.value) == (
        "evenkeel:app_servers.target_requests is 9000: kept alive for 65 s, their connections may be 2 x "
        "585000, and a process has 1048576 files at most. Set it to 8057."
    )
    assert open_files(target_requests=8057, keep_alive_timeout=65) == 1_048_576


@pytest.mark.parametrize(("instance_class", "limit", "two", "four", "eight"), RECORDED, ids=lambda each: each)
def test_the_record_names_the_largest_groups(
    instance_class: str, limit: str, two: str, four: str, eight: str
) -> None:
    """Of servers of 2, 4 and 8 vCPUs: one server more is refused."""
    for vcpus, servers in ((2, int(two)), (4, int(four)), (8, int(eight))):
        asked = {**DEMANDS, "instance_class": instance_class, "workers": vcpus, "min_size": 1}
        assert budgets.connections(**asked | {"max_size": servers}).max_connections == int(limit)
        with pytest.raises(DoesNotFit):
            budgets.connections(**asked | {"max_size": servers + 1})
