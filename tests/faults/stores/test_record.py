"""The bars can be missed: each of them notices what it is for."""

from testkit.load import CONNECTIONS, Request
from tests.faults.stores.record import RECOVERY, Record, WriteAnswer, pace


def record(*answers: WriteAnswer) -> Record:
    return Record(answers=answers, returned=10.0)


def answer(at: float, status: int, phone: str = "+1", seconds: float = 0.1) -> WriteAnswer:
    return WriteAnswer(at=at, seconds=seconds, status=status, phone=phone)


def test_a_lost_write_is_noticed() -> None:
    """One that was acknowledged; one that was refused may be missing."""
    seen = record(answer(9, 201, "+1"), answer(9.5, 201, "+2"), answer(9.6, 503, "+3"))
    assert seen.lost({"+1"}) == {"+2"}
    assert seen.lost({"+1", "+2"}) == set()


def test_a_slow_recovery_is_noticed() -> None:
    """By its first write, and by a worker that goes on refusing after that."""
    assert record(answer(9, 201), answer(15.5, 201)).first_write > RECOVERY
    assert record(answer(9, 201)).first_write > RECOVERY
    assert record(answer(10.2, 201), answer(15.5, 503)).last_refusal > RECOVERY
    assert record(answer(9, 503), answer(10.2, 201)).first_write < RECOVERY


def test_another_answer_than_a_fast_503_is_noticed() -> None:
    """A 500, a connection that breaks, and a 503 after a long wait."""
    broken, failed = answer(9, 0), answer(9, 500)
    seen = record(broken, failed, answer(9, 503, seconds=8.0), answer(9.1, 201))
    assert seen.unexpected == [broken, failed]
    assert seen.slowest_refusal == 8.0


def test_a_load_that_was_too_small_is_noticed() -> None:
    """Unless the outage explains it: every connection waited for half of the time."""
    good = [Request(sent=number / 100, seconds=0.01, status=200) for number in range(500)]
    waiting = [Request(sent=5.0, seconds=5.0, status=503)] * 2 * CONNECTIONS
    assert pace(good, seconds=10.0, lost=20.0, back=21.0) == 50
    assert pace([*good, *waiting], seconds=10.0, lost=20.0, back=21.0) < 100
    assert pace([*good, *waiting], seconds=10.0, lost=6.0, back=9.0) >= 100
