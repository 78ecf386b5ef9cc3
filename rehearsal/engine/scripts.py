"""Programs of the rehearsal's own that the engine starts."""

from pathlib import Path


def write_executable(file: Path, command: str) -> None:
    """A shell script of one command."""
    file.write_text(f"#!/bin/sh\n{command}\n")
    file.chmod(0o755)
