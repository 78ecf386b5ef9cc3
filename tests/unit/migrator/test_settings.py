"""What the migrator is told: connection, patience, role."""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from migrator.errors import SettingsError
from migrator.settings import AppRole, Patience, Resources, Server, add_flags, chosen

CONNECTION = {"PGHOST": "db", "PGDATABASE": "app", "PGUSER": "master", "PGPASSWORD": "secret-word"}


def patience(*flags: str, **environment: str) -> Patience:
    parser = ArgumentParser()
    add_flags(parser, Patience, environment)
    return chosen(Patience, parser.parse_args(flags))


def test_a_flag_comes_before_the_environment_and_that_before_the_default() -> None:
    """Each setting has all three."""
    given = patience("--lock-timeout", "0.5", MIGRATOR_LOCK_TIMEOUT="3", MIGRATOR_LOCK_RETRIES="7")
    assert given == Patience(lock_timeout=0.5, lock_retries=7)
    assert patience() == Patience()


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--lock-timeout", "0", "--lock-timeout is 0: give 0.001 or more"),
        ("--statement-timeout", "-2.5", "--statement-timeout is -2.5: give 0.001 or more"),
        ("--lock-retries", "-1", "--lock-retries is -1: give 0 or more"),
    ],
)
def test_a_wait_for_ever_is_refused(flag: str, value: str, message: str) -> None:
    """To PostgreSQL a time-out of 0 is none."""
    with pytest.raises(SettingsError) as error:
        patience(flag, value)
    assert str(error.value) == message


def test_what_the_server_decides_is_left_to_it() -> None:
    """Memory and workers are set only when they are given."""
    parser = ArgumentParser()
    add_flags(parser, Resources, {"MIGRATOR_MAINTENANCE_WORK_MEM": "512"})
    assert chosen(Resources, parser.parse_args([])) == Resources(maintenance_work_mem=512)


def test_the_connection_is_read_from_pg_variables() -> None:
    """Missing ones are listed; a port is a number."""
    server = Server.read({**CONNECTION, "PGPORT": "6432", "PGSSLROOTCERT": "/ca.pem"})
    assert (server.host, server.port, server.ca) == ("db", 6432, "/ca.pem")
    with pytest.raises(SettingsError) as error:
        Server.read({"PGHOST": "db", "PGUSER": ""})
    assert str(error.value) == (
        "PGDATABASE, PGUSER, PGPASSWORD not set: the migrator reads its connection from PG* variables"
    )
    with pytest.raises(SettingsError) as error:
        Server.read({**CONNECTION, "PGPORT": "tcp"})
    assert str(error.value) == "PGPORT is 'tcp': give the port's number"


def test_no_password_is_in_a_representation() -> None:
    """Not even in a traceback that shows values."""
    role = AppRole.read({"APP_ROLE": "app", "APP_ROLE_PASSWORD": "secret-word"})
    assert "secret-word" not in repr(Server.read(CONNECTION)) + repr(role)
