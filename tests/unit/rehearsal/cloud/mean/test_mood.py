"""What a seed decides can be decided again."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.mood import SHARES, Mood

SEEDS, FREEDOMS = st.integers(0, 2**32), st.sampled_from(Freedom)
KEYS = st.lists(st.one_of(st.text(max_size=9), st.integers()), max_size=3)


@given(seed=SEEDS, freedom=FREEDOMS, key=KEYS, others=st.lists(st.tuples(FREEDOMS, KEYS), max_size=5))
def test_a_seed_decides_the_same_again_whatever_else_it_decided(
    seed: int,
    freedom: Freedom,
    key: list[str | int],
    others: list[tuple[Freedom, list[str | int]]],
) -> None:
    """Threads interleave differently in each run."""
    first, again = Mood(seed), Mood(seed)
    for other, of in others:
        first.takes(other, *of)
    assert first.takes(freedom, *key) == again.takes(freedom, *key)
    assert first.between(2, 8, freedom, *key) == again.between(2, 8, freedom, *key)
    assert 2 <= first.between(2, 8, freedom, *key) < 8
    assert 0 <= first.choice(3, freedom, *key) < 3


def test_each_freedom_is_taken_as_often_as_its_share_says() -> None:
    """By some seeds more than by others, within the limits of all."""
    for freedom in Freedom:
        least, most = SHARES[freedom]
        taken = [
            sum(Mood(seed).takes(freedom, "RunTask", number) for number in range(500)) / 500
            for seed in range(10)
        ]
        assert least - 0.07 < min(taken), freedom
        assert max(taken) < most + 0.07, freedom
        assert len(set(taken)) > 1, freedom


def test_seeds_differ() -> None:
    """Else one seed would show as much as all."""
    decided = {
        tuple(Mood(seed).takes(freedom, number) for freedom, number in product(Freedom, range(20)))
        for seed in range(20)
    }
    assert len(decided) == 20
