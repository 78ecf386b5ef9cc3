"""The slow writes of the load: what they ask, how long they last, and that they see what fails."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from testkit.load import Request
from testkit.person import Person
from testkit.waiting import eventually
from testkit.writers import Writers
from tests.faults import faulty
from tests.faults.faulty import Faulty

pytestmark = pytest.mark.long
LONGEST = 0.2


def serving(fault: Callable[[int], int | None] = lambda _: 201) -> AbstractContextManager[Faulty]:
    return faulty.serving(fault, '{"id": "m-1"}')


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testkit.writers.EVERY", LONGEST)


def written(app: Faulty, *, people: int = 1, requests: int = 4) -> list[Request]:
    writers = Writers(app.url, [Person(app.url) for _ in range(people)], longest=LONGEST)
    eventually(lambda: len(app.asked) >= requests, poll=0.01)
    return writers.stop()


def test_members_and_messages_are_written_slowly_on_one_connection_each() -> None:
    """In turn, by each of the people; the time that a body takes is the request's."""
    with serving() as app:
        done = written(app, people=2, requests=8)
    assert app.connections == 2
    assert all(json.loads(one.body) for one in app.asked)
    assert {one.path for one in app.asked} == {"/members", "/members/m-1/messages"}
    assert all(one.seconds > LONGEST / 20 for one in app.asked)
    assert len(done) == len(app.asked)
    assert {one.status for one in done} == {201}
    assert min(one.seconds for one in done) > LONGEST / 10


@pytest.mark.parametrize(("status", "seen"), [(503, 503), (None, 0)])
def test_a_bad_answer_and_a_broken_connection_are_seen(status: int | None, seen: int) -> None:
    """The twin; the next request is sent all the same, and none is sent again."""
    with serving(lambda number: status if number == 2 else 201) as app:
        done = written(app)
    assert len(done) == len(app.asked)
    assert [one.status for one in done if one.failed] == [seen]
