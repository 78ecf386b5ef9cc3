"""No request ends the cloud or meets a 500, whatever is wrong with it and in whatever order they come.

`FUZZ_SEED` repeats a run. `FUZZ_SECONDS` lets runs of further seeds follow, each with a cloud of its own.
"""

import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.rehearsal.cloud.fuzzing.corpus import Corpus, FuzzedCall
from tests.rehearsal.cloud.fuzzing.fuzzer import Fuzzer, named_operations
from tests.rehearsal.cloud.fuzzing.run import FuzzOutcome, FuzzRun

CALLS, CALLS_OF_A_LONG_RUN = 1200, 4000
FIRST_SEED = int(os.environ.get("FUZZ_SEED", "1"))
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))


def seeds() -> Iterator[int]:
    """The first, then others until the time is over."""
    end = time.monotonic() + SECONDS
    for seed in count(FIRST_SEED):
        yield seed
        if time.monotonic() > end:
            return


def outcome(folder: Path, seed: int, calls: int, module: str = "rehearsal.cloud") -> FuzzOutcome:
    run = FuzzRun(folder / f"seed-{seed}", seed, module)
    try:
        return run.of(calls)
    finally:
        run.end()


def test_no_request_ends_the_cloud_or_meets_a_500(tmp_path: Path) -> None:
    """Each answer can be read, no step of a resource fails, and afterwards the cloud still works."""
    for seed in seeds():
        found = outcome(tmp_path, seed, CALLS_OF_A_LONG_RUN if SECONDS else CALLS)
        print(found, flush=True)
        assert not found.problems, str(found)


def test_what_is_broken_is_found(tmp_path: Path) -> None:
    """The twin: a cloud with operations and a step that raise."""
    problems = outcome(tmp_path, FIRST_SEED, CALLS // 2, "tests.rehearsal.cloud.fuzzing.broken").problems
    told = "\n".join(problems)
    assert "WarmPool: 500 InternalFailure" in told
    assert "LoadBalancers: failed, and is tried again" in told


def test_a_seed_replays() -> None:
    """And every operation that the cloud's code names has its turn."""
    right = FuzzedCall(service="ec2", operation="CreateVpc", parameters={"CidrBlock": "10.1.0.0/16"})
    first, again, other = (
        [Fuzzer(Corpus(calls=[right]), seed).call(number) for number in range(CALLS)] for seed in (1, 1, 2)
    )
    assert first == again != other
    assert set(named_operations()) <= {(call.service, call.operation) for call in first}
