"""A mood and a clock that do as a test says."""

from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.mood import Mood


class Always(Mood):
    """Takes every freedom."""

    def takes(self, *_: Freedom | str | int) -> bool:
        return True


class MoodClock:
    """Seconds since it was made, as the test sets them."""

    now = 0.0

    def __call__(self) -> float:
        return self.now
