"""Progress of what takes longer than two seconds: a live line on a terminal, else some lines."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

_FIRST = 0.5  # seconds until the first line: what is quicker shows its end only
_TERMINAL_INTERVAL = 0.2  # seconds between two drawings of the live line
_PLAIN_INTERVAL = 15.0  # seconds between two lines where nobody watches, as in a CI log
_WIDTH = 110


def say(text: str) -> None:
    """One finished step, on stderr: stdout is for what a command was asked for."""
    print(f"── {text}", file=sys.stderr, flush=True)


class Progress:
    """`with Progress("building") as progress:` shows the text, its time, and the last `progress.detail`."""

    def __init__(self, text: str) -> None:
        self.detail = ""
        self._text = text
        self._start = time.monotonic()
        self._done = threading.Event()
        self._terminal = sys.stderr.isatty()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr)
        if error is None:
            say(f"{self._text}: {duration(time.monotonic() - self._start)}")

    def _watch(self) -> None:
        wait = _FIRST
        while not self._done.wait(wait):
            line = f"── {self._text}: {duration(time.monotonic() - self._start)} {self.detail}"[:_WIDTH]
            print(f"\r\033[K{line}" if self._terminal else f"{line}\n", end="", file=sys.stderr, flush=True)
            wait = _TERMINAL_INTERVAL if self._terminal else _PLAIN_INTERVAL


def duration(seconds: float) -> str:
    """Seconds as people say them: `4.2 s`, `2 min 43 s`."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)} min {int(rest)} s" if minutes else f"{seconds:.1f} s"
