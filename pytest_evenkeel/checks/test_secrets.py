"""Secrets stay with root and with the process that needs them."""

import shlex

from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.stack import Stack
from pytest_evenkeel.survey import Question

STORES = "DATABASE|REDIS|CACHE_REDIS"
KITS = rf"sed -nE 's#^({STORES})_URL=[a-z]+://[^:]*:([^@]+)@.*#\2#p' /etc/evenkeel/app.env"
NAMED = (
    "cut -d ' ' -f 1 /etc/evenkeel/app.secrets | sed 's/.*/^&=/' | grep --file=- /etc/evenkeel/app.env"
    " | cut -d = -f 2- | awk 'length > 11'"
)
"""The session secret and those of `app.secrets`; what is short is found by chance."""
SECRETS = f"{KITS}; {NAMED}"
"""Prints every secret, a line each, into a pipe on the server; what a check prints never holds one."""
PLACES = (
    *("/var/lib/app", "/var/log/app", "/var/log/evenkeel-boot.log", "/var/lib/cloud", "/var/log/cloud-init*"),
    *("/etc/evenkeel/app.public.env", "/etc/evenkeel/boot.env", "/etc/systemd", "/opt/evenkeel"),
)
"""PM2's folder (its dump file too), logs, user data, and what the boot script wrote."""


def in_bash(script: str) -> str:
    """A line of shell that runs it."""
    return f"bash -c {shlex.quote(script)}"


ENVIRONMENT = Question("stat -c '%U %a' /etc/evenkeel/app.env")
AS_THE_APP = Question("runuser -u app -- cat /etc/evenkeel/app.env >/dev/null")
ARGUMENTS = Question(in_bash(f"ps axww -o args | grep --fixed-strings --count --file=<({SECRETS})"))
FILES = Question(in_bash(f"grep -rlF --file=<({SECRETS}) {' '.join(PLACES)} 2>/dev/null"))
FOUND = Question(
    in_bash(
        f"grep -cF --file=<({SECRETS}) /etc/evenkeel/app.env; ({SECRETS}) | wc -l;"
        f" {KITS} | awk 'length > 15' | wc -l"
    )
)
"""How many lines hold a secret, how many secrets there are, and how many long ones of stores."""


def test_the_apps_environment_is_readable_by_root_alone(server: ServingInstance) -> None:
    """Not even by the app's user, to whom systemd hands it."""
    assert server.told(ENVIRONMENT) == "root 600"
    assert server.answer(AS_THE_APP).status != 0


def test_no_secret_is_among_the_arguments_of_a_process(server: ServingInstance) -> None:
    """Anyone on the server can list those."""
    searched = server.answer(ARGUMENTS)
    assert (searched.status, searched.stdout) == (1, "0\n")


def test_no_secret_lies_in_a_file(server: ServingInstance) -> None:
    """Neither in PM2's folder, nor in logs, nor in user data."""
    assert server.answer(FILES).stdout == ""


def test_the_search_for_secrets_finds_them(server: ServingInstance, stack: Stack) -> None:
    """The twin: each is found where it is meant to be; those of the stores are long enough to be secrets.

    An app may have a store's under a name of its own too, and the address of a store that is not the stack's.
    """
    lines, secrets, stores = map(int, server.told(FOUND).split())
    assert lines >= secrets >= stores
    assert stores >= len([store for store in (stack.database, stack.sessions, stack.cache) if store])
