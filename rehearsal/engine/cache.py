"""The user's cache: what is slow to get and the same for every rehearsal."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from rehearsal.progress import say

OFFICIAL = "https://get.pulumi.com"
_TIMEOUT = 3.0  # seconds until the official downloads count as out of reach
_REMEMBERED = 3600.0  # seconds for which they then are not asked again


def cache() -> Path:
    """`~/.cache/evenkeel`, or below XDG_CACHE_HOME; made when it is not there."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "evenkeel")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def size(folder: Path) -> str:
    """What a folder takes on the disk, such as `1.2G`; `?` where `du` can't say."""
    told = subprocess.run(["du", "-sh", folder], capture_output=True, text=True, check=False).stdout
    return told.partition("\t")[0] or "?"


def official_downloads() -> bool:
    """Whether Pulumi's own downloads can be had; a failed look-up is believed for an hour, never forever."""
    unreachable = cache() / "unreachable"
    if unreachable.exists() and 0 <= time.time() - unreachable.stat().st_mtime < _REMEMBERED:
        return False
    try:
        urllib.request.urlopen(urllib.request.Request(OFFICIAL, method="HEAD"), timeout=_TIMEOUT).close()
    except urllib.error.HTTPError:
        return True  # it answered; what it thinks of this request does not matter
    except OSError as error:
        unreachable.touch()
        say(f"{OFFICIAL} can't be reached ({error}); doing without for an hour")
        return False
    unreachable.unlink(missing_ok=True)
    return True
