"""A stack lives its whole life in a cloud that takes the freedoms of docs/mean-cloud.md.

`make test-long` has two seeds, each with half of a life; `--times 20` has twenty, each with all of it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from rehearsal import daemon
from rehearsal.access_key import AccessKey
from rehearsal.cloud.mean.observer import OBSERVER
from testkit.checkout import Checkout, succeed
from testkit.deployment import Deployment
from testkit.load import ASKED
from testkit.person import Person
from testkit.traffic import Traffic
from tests.conftest import TIMES
from tests.faults.rollouts.releases import BAD
from tests.faults.rollouts.rolled_stack import RolledStack
from tests.faults.rollouts.servers import StackServers

pytestmark = pytest.mark.long
UP = ("up", "--yes", "--skip-preview", "--stack", "local")
PEOPLE = 4
MIGRATION = "app/prisma/migrations/20261130_mean_cloud/migration.sql"
MEANEST = 24
"""Of the first hundred seeds the one that throttles and fails most calls."""
ALWAYS_TAKEN = ("throttled", "server error", "slow answer", "lost answer", "short page", "other order")
"""In a life that is long enough, whatever the seed."""


class Life:
    """A stack in a mean cloud, and what is done to it, step by step."""

    def __init__(self, checkout: Checkout, logs: Path, settings: ExitStack) -> None:
        self.checkout = checkout
        self._deployment = Deployment(outputs=checkout.outputs(), environment=checkout.environment())
        self._fleet = RolledStack(checkout, self._deployment, logs)
        self._servers = StackServers(self._deployment)
        self._settings = settings

    def release(self) -> None:
        """Every server is replaced."""
        before = self._servers.healthy
        self._settings.enter_context(self._fleet.settings(environment="LIFE: released"))
        with self._unnoticed():
            succeed(self.checkout.pulumi(*UP))
        assert before.isdisjoint(self._servers.settled(len(before)))

    def migration(self) -> None:
        """A table is added, no server replaced."""
        schema, before = self._fleet.gate("schema"), self._servers.healthy
        path = self.checkout.folder / MIGRATION
        path.parent.mkdir()
        path.write_text('CREATE TABLE "Life" (id integer PRIMARY KEY);\n')
        succeed(self.checkout.pulumi(*UP))
        assert self._fleet.gate("schema") != schema
        assert self._servers.healthy == before

    def bad_release(self) -> None:
        """It is refused with its reason, and healed by a good one."""
        bad, before = BAD[0], self._servers.healthy
        with self._unnoticed():
            with self._fleet.settings(environment=f'NODE_OPTIONS: "{bad.node_options}"'):
                failed = self.checkout.pulumi(*UP)
            for words in (bad.reason, bad.says, "still serving traffic"):
                assert words in failed.stdout, failed.stdout
            assert self._servers.healthy == before
            succeed(self.checkout.pulumi(*UP))

    def scale_out(self) -> None:
        """By one server, and back."""
        with self._unnoticed():
            desired = self._servers.desired
            self._resize(desired + 1)
            self._resize(desired)

    def no_change(self) -> None:
        """Neither drift nor anything to do."""
        succeed(self.checkout.pulumi("refresh", "--yes", "--expect-no-changes", "--stack", "local"))
        succeed(self.checkout.pulumi(*UP, "--expect-no-changes"))

    def destroy(self) -> None:
        """Nothing is left."""
        succeed(self.checkout.pulumi("destroy", "--yes", "--stack", "local"))
        assert succeed(self.checkout.pulumi("stack", "export", "--stack", "local")).stdout.count('"aws:') == 0

    def taken(self) -> dict[str, int]:
        """How often the cloud has taken each freedom."""
        environment = self._deployment.environment
        told = daemon.freedoms(environment["AWS_ENDPOINT_URL"], AccessKey.of_environment(environment))
        print(f"seed {told['seed']}: {told['taken']}")
        taken: dict[str, int] = told["taken"]
        return taken

    def _told_since(self, began: float) -> str:
        """What cloud and servers logged: the rehearsal, and its logs with it, ends with the test."""
        cloud = (self.checkout.folder / ".rehearsal" / "cloud.log").read_text().splitlines()
        since = datetime.fromtimestamp(began).isoformat(sep=" ")
        servers = self.checkout.rehearsal("logs", "boot").stdout
        return "\n".join([*(line for line in cloud if line > since), servers])

    def _resize(self, count: int) -> None:
        """Here a launch has to try calls again, and other zones: that may take twice as long as elsewhere."""
        try:
            self._servers.resize(count)
        except TimeoutError:
            self._servers.settled(count)

    @contextmanager
    def _unnoticed(self) -> Iterator[None]:
        """The block fails no request of people who use the app."""
        people = [Person.logged_in(self._fleet.url) for _ in range(PEOPLE)]
        with Traffic(self._fleet.url, people, rate=ASKED) as traffic:
            yield
            outcome = traffic.stop()
        print(f"{outcome.requests} requests in {outcome.seconds:.0f} s, {outcome.failed} failed")
        assert outcome.failed == 0, f"{outcome.failures}\n{self._told_since(outcome.each[0].sent)}"
        assert outcome.requests > 0


WHOLE = (Life.release, Life.migration, Life.bad_release, Life.scale_out, Life.no_change, Life.destroy)
HALVES = ((Life.release, Life.no_change, Life.destroy), (Life.migration, Life.bad_release, Life.scale_out))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A seed from 1 on for each of `--times`."""
    if "seed" in metafunc.fixturenames:
        times = int(metafunc.config.getoption("--times"))
        lives = [WHOLE] * times if times > TIMES else HALVES
        seeds = [pytest.param(seed, steps, id=str(seed)) for seed, steps in enumerate(lives, start=1)]
        metafunc.parametrize(("seed", "steps"), seeds)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Checkout]:
    """A project of the test's own, whose rehearsal ends with the test; nothing failed in its cloud itself."""
    own = Checkout.copy(tmp_path / "project")
    try:
        yield own
    finally:
        own.end()


def test_a_life_in_a_mean_cloud(
    seed: int,
    steps: tuple[Callable[[Life], None], ...],
    own: Checkout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every deployment does what it does in a friendly one, and no rollout fails a request."""
    # Retries take time, which the local stack's minute does not have; production's five do.
    own.replace("stacks/Pulumi.local.yaml", "start_time: 60", "start_time: 180")
    succeed(own.rehearsal("up", "--mean", str(seed)))
    for name, value in own.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", OBSERVER)
    with ExitStack() as settings:
        life = Life(own, tmp_path, settings)
        for step in steps:
            step(life)
        taken = life.taken()
    assert all(taken[freedom] for freedom in ALWAYS_TAKEN), taken


def test_hooks_without_retries_fail_in_a_mean_cloud(own: Checkout) -> None:
    """The twin: the same cloud ends a deployment whose own calls are made once."""
    own.replace("components/gates/aws_api.py", "ATTEMPTS = 8\n", "ATTEMPTS = 1\n")
    failed = own.rehearsal("up", "--mean", str(MEANEST))
    assert failed.returncode != 0, failed.stdout
    assert "hook" in failed.stdout, failed.stdout
