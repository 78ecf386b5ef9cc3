"""`python -m rehearsal start|up|down|status|logs|queries|env|preview|fault|engine|doctor`: without AWS."""

import argparse
import os
import random
import sys
from pathlib import Path

from rehearsal import daemon, deployment, doctor, logs, machine, previews, queries, table
from rehearsal.access_key import AccessKey
from rehearsal.deployer import principal
from rehearsal.engine import cli, environment, installation
from rehearsal.engine.cache import cache, size
from rehearsal.engine.environment import Rehearsal
from rehearsal.errors import CloudError, DeploymentError, MachineError, RehearsalError
from rehearsal.lock import exclusive
from rehearsal.progress import say


def start(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """Starts the cloud and deploys nothing yet: for secrets that the app needs at its first deployment."""
    with exclusive(rehearsal.root):
        prepare(rehearsal, options.mean)
    say('for `pulumi config set --secret` in your shell:  eval "$(make -s env)"; then `make up`')


def up(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """Deploys the whole stack in rehearsal; run again, it deploys what has changed."""
    with exclusive(rehearsal.root):
        prepare(rehearsal, options.mean)
        deployment.up(rehearsal)
        status(rehearsal, options)


def prepare(rehearsal: Rehearsal, mean: int | None) -> None:
    """A machine that has all it takes, a cloud that runs, and the stack, of which nothing is deployed."""
    path = rehearsal.search_path(os.environ["PATH"])
    machine.check(path)
    machine.check_node(deployment.node(rehearsal), path)
    cloud = daemon.find(rehearsal.state)
    refuse_moved(rehearsal, cloud)
    refuse_mean(mean, cloud)
    if cloud is None:
        clear_crashed(rehearsal)
    installation.install(rehearsal)
    parts = [f"{part.name} ({part.origin})" for part in installation.parts(rehearsal)]
    say(f"deploying with {', '.join(parts)}")
    if cloud is None:
        if mean is not None:
            say(f"the cloud is mean: --mean {mean} makes it so again")
        daemon.start(rehearsal, mean)
    deployment.make_stack(rehearsal)


def down(rehearsal: Rehearsal, _: argparse.Namespace) -> None:
    """Ends everything and removes what it wrote; packages and the cache stay."""
    with exclusive(rehearsal.root):
        ended = daemon.end(rehearsal.state)
        deployment.remove(rehearsal.state)
        say("the rehearsal has ended" if ended else "no rehearsal ran here")
        say(f"{cache()} keeps the engine and built releases for the next, {size(cache())}")


def status(rehearsal: Rehearsal, _: argparse.Namespace) -> None:
    """What runs where, and how to use it by hand."""
    rehearsal = running(rehearsal)
    rows = daemon.rows(rehearsal.endpoint, AccessKey.read(rehearsal.state)) or []
    shown = [(row["kind"], row["name"], row["address"], str(row["pid"] or ""), row["state"]) for row in rows]
    api = ("AWS API", rehearsal.region, rehearsal.endpoint, "", "available")
    print(table.plain(("what", "name", "where", "pid", "state"), [api, *shown]))
    parts = [(part.name, part.origin, str(part.program)) for part in installation.parts(rehearsal)]
    print("\n" + table.plain(("deployed with", "which is", "program"), parts))
    if url := deployment.outputs(rehearsal).get("url"):
        print(f"\nThe app answers at {url}")
    print('For plain `pulumi` in your shell:  eval "$(make -s env)"; to look around, ARGS=--admin')


def show_logs(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """The ends of the logs, of all or of those whose name contains NAME."""
    logs.show(rehearsal, options.name)


def show_queries(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """The queries that cost the database most; `-- --help` tells the options."""
    if queries.report(running(rehearsal), options.options):
        raise CloudError("The report failed.")


def env(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """Shell lines after which plain `pulumi` and any AWS client use the rehearsal, as a stack's deployer."""
    found = running(rehearsal)
    key = None if options.admin else principal.key_of(found, options.stack)
    print("\n".join(found.shell_lines(os.environ, key)))


def preview(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """Previews stacks, all or those named, against a cloud of their own."""
    machine.check(rehearsal.search_path(os.environ["PATH"]))
    previewed = previews.run(rehearsal, options.stack)
    head, rows = ("stack", "preview", "changes"), [stack.row for stack in previewed]
    print(table.plain(head, rows))
    for stack in previewed:
        if stack.relaxed:
            print(f"\n{stack.relaxed}")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a") as page:
            page.write(table.markdown(head, rows) + "\n")
    refused = [f"{stack.stack}: {error}" for stack in previewed for error in stack.errors]
    if refused:
        raise DeploymentError("\n".join(refused))


def fault(rehearsal: Rehearsal, options: argparse.Namespace) -> None:
    """Lets something go wrong: ACTION is what, TARGET an instance's or access key's id, or a zone's name."""
    endpoint, key = running(rehearsal).endpoint, AccessKey.read(rehearsal.state)
    daemon.inject(endpoint, key, options.action, options.target)
    say(f"{options.action} of {options.target}; `make status` shows what comes of it")


def look_at_machine(rehearsal: Rehearsal, _: argparse.Namespace) -> None:
    """Looks at this machine: what a rehearsal needs, what is here, what to do."""
    findings = list(doctor.examine(rehearsal))
    print(table.plain(("needed", "here", "what to do"), [finding.row for finding in findings]))
    if missing := [finding.need for finding in findings if finding.remedy]:
        raise MachineError(f"This machine lacks {', '.join(missing)}.")


def engine(_rehearsal: Rehearsal, _: argparse.Namespace) -> None:
    """The Pulumi CLI in use; fetched or built where there is none yet."""
    print(cli.find(os.environ["PATH"]))


def running(rehearsal: Rehearsal) -> Rehearsal:
    """The rehearsal as it runs, whatever the stack file says by now."""
    cloud = daemon.find(rehearsal.state)
    if cloud is None:
        raise CloudError("No rehearsal runs here. `make up` starts one.")
    return rehearsal.at(cloud.port)


def refuse_moved(rehearsal: Rehearsal, cloud: daemon.CloudProcess | None) -> None:
    """A rehearsal keeps its port: what is deployed has it in its addresses."""
    if cloud is not None and cloud.port != rehearsal.port:
        raise CloudError(
            f"A rehearsal runs on port {cloud.port}, and stacks/Pulumi.local.yaml now says {rehearsal.port}. "
            "Run `make down` first, or write the old port back."
        )


def refuse_mean(seed: int | None, cloud: daemon.CloudProcess | None) -> None:
    """A cloud is mean from its start on, or never."""
    if cloud is not None and seed is not None:
        raise CloudError("A rehearsal runs already: run `make down` before --mean.")


def clear_crashed(rehearsal: Rehearsal) -> None:
    """A cloud keeps what it holds in memory: what its crash left on disk is of no use."""
    if rehearsal.log.exists():
        say("an earlier rehearsal ended without `make down`: starting afresh")
    deployment.remove(rehearsal.state)


COMMANDS = {
    "start": start,
    "up": up,
    "down": down,
    "status": status,
    "logs": show_logs,
    "queries": show_queries,
    "env": env,
    "preview": preview,
    "fault": fault,
    "engine": engine,
    "doctor": look_at_machine,
}


def parse() -> argparse.Namespace:
    """The command and its options; each command's help is its function's docstring."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        added = commands.add_parser(name, help=command.__doc__)
        if name in ("start", "up"):
            added.add_argument(
                "--mean",
                nargs="?",
                type=int,
                const=random.randrange(1000),
                metavar="SEED",
                help="a cloud that takes the freedoms that AWS documents (docs/mean-cloud.md)",
            )
        if name == "logs":
            added.add_argument("name", nargs="?", default="")
        if name == "queries":
            added.add_argument("options", nargs="*")
        if name == "env":
            added.add_argument("--stack", default=deployment.STACK, help="whose deployer; without it local's")
            added.add_argument("--admin", action="store_true", help="with a key that may do everything")
        if name == "preview":
            added.add_argument("stack", nargs="*")
        if name == "fault":
            added.add_argument(
                "action", help="such as spot-interruption; a wrong one is answered by all names"
            )
            added.add_argument("target")
    return parser.parse_args()


def main() -> int:
    """0 when it worked; 1 with the reason and the remedy when not; 130 when it was interrupted."""
    options = parse()
    try:
        COMMANDS[options.command](environment.of_project(), options)
        sys.stdout.flush()
    except BrokenPipeError:
        # `make status | head` has seen enough. What is buffered still goes somewhere at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except RehearsalError as error:
        print(f"evenkeel: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
