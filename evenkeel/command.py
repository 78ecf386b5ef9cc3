"""`evenkeel new FOLDER` makes a repository that deploys an app with the kit; `evenkeel upgrade` renews it.

`evenkeel run --stack STACK -- COMMAND` runs one command on one of its servers.

All else is Pulumi's: `pulumi up`; and the rehearsal's: `python -m rehearsal up`.
"""

import argparse
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from components import naming
from components.cloud import CloudSettings
from components.gates.aws_api import AwsApi
from evenkeel.errors import EvenkeelError
from evenkeel.new import NewRepository
from evenkeel.one_off import INTERRUPTED, OneOff
from evenkeel.upgrade import changes, upgrade
from stacks.project import NoProject, find
from stacks.settings import StackSettingsError
from stacks.stack_file import NoSuchStack, read

REGION = CloudSettings().region
RIGHTS = "docs/own-repository.md has the rights that it takes; `make env ARGS=--admin` those of a rehearsal"


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


def run_once(options: argparse.Namespace) -> int:
    """Run a command once, on one server in service, as the app: its user, its variables, its folder."""
    aws = read(options.stack).aws
    command = OneOff(
        words=options.words,
        timeout=options.timeout,
        auto_scaling_group=naming.servers(find().name, options.stack),
        api=AwsApi(region=aws.region, endpoint=aws.endpoint),
    )
    try:
        return command.run()
    except (BotoCoreError, ClientError) as error:
        raise EvenkeelError(f"The command was not seen to its end: {error}. {RIGHTS}.") from error


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
    running = commands.add_parser("run", help=run_once.__doc__)
    running.add_argument("--stack", required=True)
    running.add_argument("--timeout", type=int, default=3600, metavar="SECONDS", help="at most; 3600")
    running.add_argument("words", nargs="+", metavar="COMMAND", help="after --; no shell runs it")
    running.set_defaults(run=run_once)
    return parser.parse_args(arguments)


def main() -> int:
    """0 when it worked, 1 with the reason and the remedy when not; of `run` the command's own exit code."""
    options = parse(sys.argv[1:])
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except (EvenkeelError, NoProject, NoSuchStack, StackSettingsError) as error:
        print(f"evenkeel: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
