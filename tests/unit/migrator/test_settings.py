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
        "PGDATABASE, PGUSER, PGPASSWORD not set: the migrator reads its connection from PG* variables, "
        "or from DATABASE_URL"
    )
    with pytest.raises(SettingsError) as error:
        Server.read({**CONNECTION, "PGPORT": "tcp"})
    assert str(error.value) == "PGPORT is 'tcp': give the port's number"


def test_no_password_is_in_a_representation() -> None:
    """Not even in a traceback that shows values."""
    role = AppRole.read({"APP_ROLE": "app", "APP_ROLE_PASSWORD": "secret-word"})
    assert "secret-word" not in repr(Server.read(CONNECTION)) + repr(role)


def test_a_url_says_what_the_variables_say() -> None:
    """With what is escaped in it, Prisma's schema, and a certificate authority; PG* variables come first."""
    url = "postgresql://ma%40ster:p%2Fw%20d@db.example:6432/app%2B?schema=own&sslrootcert=/ca.pem&sslmode=require"
    server = Server.read({"DATABASE_URL": url})
    assert (server.host, server.port, server.database) == ("db.example", 6432, "app+")
    assert (server.user, server.password) == ("ma@ster", "p/w d")
    assert (server.ca, server.schema) == ("/ca.pem", "own")
    assert Server.read({"DATABASE_URL": url, "MIGRATOR_SCHEMA": "other"}).schema == "other"
    assert Server.read({**CONNECTION, "DATABASE_URL": url}).host == "db"
    assert Server.read({"DATABASE_URL": "postgres://a:b@c/d"}).port == 5432


@pytest.mark.parametrize(
    "url", ["mysql://a:secret@b/c", "a:secret", "postgresql:///d", "postgresql://a:s@b:x/c"]
)
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    """With the form that is understood."""
    with pytest.raises(SettingsError) as error:
        Server.read({"DATABASE_URL": url})
    assert str(error.value).startswith("DATABASE_URL is not understood: write postgresql://")
    assert "secret" not in str(error.value)
