"""Secrets stay with root and with the process that needs them."""

from tests.infra.server import ServingInstance

KITS = r"sed -nE 's#^[A-Z_]+_URL=[a-z]+://[^:]*:([^@]+)@.*#\1#p' /etc/evenkeel/app.env"
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


def test_the_apps_environment_is_readable_by_root_alone(server: ServingInstance) -> None:
    """Not even by the app's user, to whom systemd hands it."""
    assert server.host.check_output("stat -c '%U %a' /etc/evenkeel/app.env") == "root 600"
    assert server.host.run("runuser -u app -- cat /etc/evenkeel/app.env").failed


def test_no_secret_is_among_the_arguments_of_a_process(server: ServingInstance) -> None:
    """Anyone on the server can list those."""
    searched = server.host.run(
        "bash -c %s", f"ps axww -o args | grep --fixed-strings --count --file=<({SECRETS})"
    )
    assert (searched.rc, searched.stdout) == (1, "0\n")


def test_no_secret_lies_in_a_file(server: ServingInstance) -> None:
    """Neither in PM2's folder, nor in logs, nor in user data."""
    found = f"grep -rlF --file=<({SECRETS}) {' '.join(PLACES)} 2>/dev/null"
    assert server.host.run("bash -c %s", found).stdout == ""


def test_the_search_for_secrets_finds_them(server: ServingInstance) -> None:
    """The twin: each is found where it is meant to be; the kit's four are long enough to be secrets."""
    found = (
        f"grep -cF --file=<({SECRETS}) /etc/evenkeel/app.env; ({SECRETS}) | wc -l; {KITS} | awk 'length < 16'"
    )
    lines, secrets = map(int, server.host.check_output("bash -c %s", found).split())
    assert lines == secrets >= 4
