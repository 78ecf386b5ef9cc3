"""What an app's users do: quick reads, half of them on new connections, and slow writes beside them."""

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from stacks.stack_file import read
from testkit.load import Load, Outcome
from testkit.person import Person
from testkit.writers import Writers

LOCAL = read("local").app
LONGEST: float = LOCAL.longest_request
"""Seconds that a request may take; whoever stops a server waits for it."""
WITHIN_DRAIN: float = LOCAL.drain / 3
"""Seconds of a request that ends in time even where it begins on the last kept-alive connection to a worker
that PM2 stops: `app.drain`, less what a busy machine needs for the answer. A longer one may be cut off."""


class Traffic:
    """Reads at `rate` a second at least, and a write of each of the people at any time.

    `with Traffic(...) as traffic:` ends it also where something raises before `stop`.
    """

    def __init__(self, url: str, people: Sequence[Person], *, rate: int, longest: float = LONGEST) -> None:
        self._load = Load(url, rate=rate, cookies=[person.cookie for person in people])
        self._writers = Writers(url, people, longest=longest)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._writers.stop()
        finally:
            self._load.__exit__(kind, error, trace)

    def stop(self) -> Outcome:
        """Ends it; what became of reads and writes together."""
        writes = self._writers.stop()
        assert writes, "nobody wrote"
        read = self._load.stop()
        failed = sum(write.failed for write in writes)
        longest = max(write.seconds for write in writes)
        line = f"{failed} of {len(writes)} writes failed, of {longest:.1f} s at most"
        return replace(
            read,
            requests=read.requests + sum(write.status > 0 for write in writes),
            failed=read.failed + failed,
            lines=(*read.lines, line),
            each=tuple(sorted((*read.each, *writes), key=lambda request: request.sent)),
        )
