"""`evenkeel new FOLDER` makes a repository that deploys an app with the kit; `evenkeel upgrade` renews it.

All else is Pulumi's: `pulumi up`; and the rehearsal's: `python -m rehearsal up`.
"""

import argparse
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from components.cloud import CloudSettings
from evenkeel.errors import EvenkeelError
from evenkeel.new import NewRepository
from evenkeel.upgrade import changes, upgrade
from stacks.project import NoProject, find

REGION = CloudSettings().region


def new(options: argparse.Namespace) -> None:
    """Make a repository that deploys one Node app."""
    folder: Path = options.folder
    repository = NewRepository(
        folder=folder,
        name=options.name or asked("Name of the project", folder.resolve().name),
        app=Path(options.app or asked("Folder of the Node app", ".")),
        region=options.region or asked("Region of AWS", REGION),
    )
    written = repository.write()
    print(f"{folder} has {', '.join(written)}.\nNext: cd {folder} && make up")


def renew(options: argparse.Namespace) -> None:
    """Install another version of the kit, pin it in requirements.txt, and show what it changes."""
    before = metadata.version("evenkeel")
    print(f"requirements.txt has {upgrade(find().root, options.version)}")
    # Another process: this one has the modules of the version before.
    subprocess.run([sys.executable, "-m", "evenkeel.command", "changes", "--since", before], check=True)
    print("Next: make up, then pulumi preview --stack NAME for each stack")


def show_changes(options: argparse.Namespace) -> None:
    """Print what the installed version changes."""
    print(changes(options.since) or f"Nothing is noted since {options.since}.")


def asked(question: str, default: str) -> str:
    """What the user answers; the default without a terminal."""
    if not sys.stdin.isatty():
        return default
    return input(f"{question} [{default}]: ").strip() or default


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its options."""
    parser = argparse.ArgumentParser(prog="evenkeel", description=__doc__)
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("new", help=new.__doc__)
    making.add_argument("folder", type=Path)
    making.add_argument("--name", help="of the project, such as shop; without it the folder's")
    making.add_argument("--app", help="the folder of the app, which has package.json")
    making.add_argument("--region", help=f"of the stacks in AWS, such as {REGION}")
    making.set_defaults(run=new)
    renewing = commands.add_parser("upgrade", help=renew.__doc__)
    renewing.add_argument("version", nargs="?", help="a tag such as v0.3.0; without it the newest")
    renewing.set_defaults(run=renew)
    changing = commands.add_parser("changes", help=show_changes.__doc__)
    changing.add_argument("--since", required=True, metavar="VERSION")
    changing.set_defaults(run=show_changes)
    return parser.parse_args(arguments)


def main() -> int:
    """0 when it worked; 1 with the reason and the remedy when not."""
    options = parse(sys.argv[1:])
    try:
        options.run(options)
    except (EvenkeelError, NoProject) as error:
        print(f"evenkeel: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
