"""Where a bench works: a folder of its own, gone when it ends, also by Ctrl-C or SIGTERM."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENDED = 130
"""The exit status of a command that was told to end, as shells give it after Ctrl-C."""


@contextmanager
def working_folder() -> Iterator[Path]:
    """The block ends what it has started where a KeyboardInterrupt meets it; the bench then ends quietly."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="evenkeel-bench-") as folder:
            yield Path(folder)
    except KeyboardInterrupt:
        sys.exit(ENDED)
