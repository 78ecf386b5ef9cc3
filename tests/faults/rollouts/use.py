"""People use the app while something happens to its servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from testkit.deployment import Deployment
from testkit.load import ASKED, LEAST, STEADY, Outcome
from testkit.person import Person
from testkit.traffic import LONGEST, Traffic
from testkit.watch import Lookout
from tests.conftest import TIMES
from tests.faults.rollouts.servers import StackServers

PEOPLE = 10


@dataclass(kw_only=True)
class Use:
    """People use the app; `outcome` and `fewest` are known when they have stopped."""

    people: list[Person]
    least: int
    """Requests/s without which a result says nothing."""
    outcome: Outcome | None = None
    fewest: int = 0
    """Healthy servers at any moment."""

    @property
    def failed(self) -> int:
        assert self.outcome is not None
        assert self.outcome.rate >= self.least, f"the load was only {self.outcome.rate:.0f} requests/s"
        return self.outcome.failed

    def all_are_logged_in(self) -> bool:
        return [person.who_am_i() for person in self.people] == [person.email for person in self.people]


@contextmanager
def in_use(deployment: Deployment, *, times: int = TIMES, longest: float = LONGEST) -> Iterator[Use]:
    """The block happens under load; one that repeats more than usual has its machine to itself."""
    url = deployment.outputs["url"]
    people = [Person.logged_in(url) for _ in range(PEOPLE)]
    use = Use(people=people, least=STEADY if times > TIMES else LEAST)
    watched = StackServers(deployment)
    with Traffic(url, people, rate=ASKED, longest=longest) as traffic:
        watch = Lookout(lambda: len(watched.healthy))
        try:
            yield use
        finally:
            use.fewest = min(watch.stop())
            use.outcome = traffic.stop()
            print(
                f"{use.outcome.requests} requests in {use.outcome.seconds:.0f} s ({use.outcome.rate:.0f}/s), "
                f"{use.outcome.failed} failed; "
                f"{use.fewest} servers healthy at least\n{use.outcome.failures}"
            )
