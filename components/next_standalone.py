"""Next.js' standalone server: its build leaves out the files that browsers ask for, for a CDN to have.

https://nextjs.org/docs/app/api-reference/config/next-config-js/output
"""

import shutil
from pathlib import Path, PurePosixPath

OUTPUT = (".next", "standalone")
ASSETS = ("public", ".next/static")
"""Where an app has them, and where the server looks for them beside itself."""


def complete(folder: Path, script: str) -> None:
    """Puts the files of the app in `folder` beside its server, if `script` is one that Next.js made."""
    if PurePosixPath(script).parts[: len(OUTPUT)] != OUTPUT:
        return
    server = (folder / script).parent
    for assets in ASSETS:
        if (folder / assets).is_dir() and not (server / assets).exists():
            shutil.copytree(folder / assets, server / assets)
