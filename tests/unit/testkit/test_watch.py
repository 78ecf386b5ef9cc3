"""What is watched is seen, and what keeps from seeing is told."""

from itertools import count

import pytest

from testkit.watch import Lookout


def test_the_first_look_is_at_once() -> None:
    """So that there is one, however short the time is."""
    numbers = count()
    assert Lookout(lambda: next(numbers)).stop()[0] == 0


def test_a_look_that_fails_is_not_passed_over() -> None:
    """Else nothing bad would have been seen because nothing was."""
    with pytest.raises(ZeroDivisionError):
        Lookout(lambda: 1 // 0).stop()
