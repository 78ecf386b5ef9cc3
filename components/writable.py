"""Folders of an app that it writes to: links out of the release, which is root's."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.app_layout import OWN

PLACE = "/var/lib/app/files"
"""On a server; boot.sh makes the folders there that the release lists."""
LIST = Path(OWN) / "writable"
"""In a release: a folder a line, as below PLACE."""


class WritableError(Exception):
    """A folder of the release can't be left to the app."""


def link(tree: Path, member: Path, folders: Sequence[str]) -> Iterator[Path]:
    """Makes the links and the list in a built tree, and yields what the release has more; names in `tree`.

    Raises `WritableError` where the release has files of its own in such a folder; hidden ones, such as
    `.gitkeep`, go.
    """
    for folder in folders:
        place = tree / member / folder
        if place.is_dir() and any(not name.name.startswith(".") for name in place.iterdir()):
            raise WritableError(
                f"evenkeel:app.writable: {folder} has files of the release, which the app would no longer "
                "find. Name a folder that only the running app fills"
            )
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(f"{PLACE}/{folder}")
        yield member / folder
    if folders:
        (tree / LIST).parent.mkdir(exist_ok=True)
        (tree / LIST).write_text("".join(f"{folder}\n" for folder in folders))
        yield LIST
