"""What a seed decides. Pure."""

import hashlib

from rehearsal.cloud.mean.freedoms import Freedom

Key = str | int
SHARES: dict[Freedom, tuple[float, float]] = {
    Freedom.THROTTLED: (0.03, 0.15),
    Freedom.SERVER_ERROR: (0.01, 0.05),
    Freedom.SLOW_ANSWER: (0.02, 0.10),
    Freedom.LOST_ANSWER: (0.02, 0.10),
    Freedom.SHORT_PAGE: (0.5, 1.0),
    Freedom.OTHER_ORDER: (0.5, 1.0),
    Freedom.ABSENT_MEMBER: (0.5, 1.0),
    Freedom.NOT_FOUND_YET: (0.3, 0.8),
    Freedom.NOT_LISTED_YET: (0.3, 0.8),
    Freedom.ROLE_NOT_KNOWN_YET: (0.5, 1.0),
    Freedom.SERVICE_ROLE_NOT_KNOWN_YET: (0.5, 1.0),
    Freedom.SLOW_STATE: (0.5, 1.0),
    Freedom.NO_CAPACITY: (0.1, 0.4),
    Freedom.LATE_LOG: (0.5, 1.0),
    Freedom.LATE_METRIC: (0.5, 1.0),
}
"""The share of occasions at which a freedom is taken: at least, at most. A seed has its own in between."""


class Mood:
    """Decides by a hash of the seed, the freedom and a key, such as "the third RunTask".

    No decision depends on another one: the same occasion meets the same mood however threads interleave.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def takes(self, freedom: Freedom, *key: Key) -> bool:
        """Whether the freedom is taken at this occasion."""
        return self._number(freedom, "occasion", *key) < self.between(*SHARES[freedom], freedom, "share")

    def has_refused_twice(self, operation: str, number: int) -> bool:
        """Whether the two calls of an operation before this one met trouble.

        Pulumi's engine asks KMS for the key of a stack's secrets three times, as the AWS SDK does by itself.
        KMS has no freedom to refuse all three, as its quota is thousands of calls per second:
        https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html.
        """
        troubles = (Freedom.THROTTLED, Freedom.SERVER_ERROR)
        return all(
            any(self.takes(freedom, operation, number - before) for freedom in troubles) for before in (1, 2)
        )

    def between(self, least: float, most: float, freedom: Freedom, *key: Key) -> float:
        """A number of that range, for seconds and the like."""
        return least + (most - least) * self._number(freedom, "amount", *key)

    def choice(self, options: int, freedom: Freedom, *key: Key) -> int:
        """One of 0 to `options` - 1."""
        return int(self._number(freedom, "choice", *key) * options)

    def _number(self, freedom: Freedom, *key: Key) -> float:
        """At least 0 and less than 1, evenly spread."""
        text = "\0".join(map(str, (self.seed, freedom.value, *key)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
