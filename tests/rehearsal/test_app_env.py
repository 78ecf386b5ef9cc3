"""app_env.cjs: the CLI's answers about secrets become the app's variables; no message shows a secret."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from components.boot import user_data

SCRIPT = Path(user_data.__file__).parent / "app_env.cjs"
STORE = json.dumps({"auth_token": "t/1"})
DATABASE = json.dumps({"username": "app", "password": "p@ss"})
URLS = ("DATABASE_URL database.url", "REDIS_URL redis.url", "CACHE_REDIS_URL cache.url")
KIT = {"arn:database": DATABASE, "arn:redis": STORE}


def answers(secrets: dict[str, Any], *, pinned: dict[str, Any] | None = None, errors: Any = ()) -> str:
    """As the CLI prints them: a batch, and the one that is read by its version."""
    batch = {
        "SecretValues": [{"ARN": arn, "SecretString": text} for arn, text in secrets.items()],
        "Errors": list(errors),
    }
    documents = [batch, *([{"ARN": "arn:own", "SecretString": json.dumps(pinned)}] if pinned else [])]
    return "\n".join(json.dumps(each, indent=4) for each in documents) + "\n"


def run(
    folder: Path, given: str, *lines: str, stores: Sequence[str] = URLS
) -> subprocess.CompletedProcess[str]:
    (folder / "app.secrets").write_text("".join(f"{line}\n" for line in lines))
    (folder / "app.stores").write_text("".join(f"{line}\n" for line in stores))
    kit = {
        "DATABASE_SECRET_ARN": "arn:database",
        "REDIS_SECRET_ARN": "arn:redis",
        "CACHE_REDIS_SECRET_ARN": "arn:redis",
        "DATABASE_ENDPOINT": "db:5433/app",
        "REDIS_ENDPOINT": "redis:6379",
        "CACHE_REDIS_ENDPOINT": "cache:6379",
    }
    return subprocess.run(
        ["node", SCRIPT, folder / "app.secrets", folder / "app.stores"],
        input=given,
        env={"PATH": os.environ["PATH"], **kit},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_secret_becomes_a_variable(tmp_path: Path) -> None:
    """Those of the kit, one that is a text, one value of a JSON secret, and the stack's own."""
    given = answers(
        {**KIT, "arn:session": "s" * 40, "arn:shared": '{"stripe": "sk"}'},
        pinned={"JWT_SECRET": "own"},
    )
    done = run(
        tmp_path,
        given,
        "SESSION_SECRET arn:session 1",
        "STRIPE arn:shared 2 stripe",
        "JWT_SECRET arn:own 3 JWT_SECRET",
    )
    assert done.stdout.splitlines() == [
        "DATABASE_URL=postgresql://app:p%40ss@db:5433/app?sslmode=verify-full",
        "REDIS_URL=rediss://:t%2F1@redis:6379",
        "CACHE_REDIS_URL=rediss://:t%2F1@cache:6379",
        f"SESSION_SECRET={'s' * 40}",
        "STRIPE=sk",
        "JWT_SECRET=own",
    ]


def test_an_app_has_the_parts_of_a_store_under_its_own_names(tmp_path: Path) -> None:
    """As an app wants them that builds no connection from a URL. No secret of a store is read for nothing."""
    stores = [
        "DB_HOST database.host",
        "DB_PORT database.port",
        "DB_NAME database.name",
        "DB_USER database.username",
        "DB_PASSWORD database.password",
    ]
    done = run(tmp_path, answers({"arn:database": DATABASE}), stores=stores)
    assert done.stdout.splitlines() == [
        "DB_HOST=db",
        "DB_PORT=5433",
        "DB_NAME=app",
        "DB_USER=app",
        "DB_PASSWORD=p@ss",
    ]


def test_a_password_that_no_variable_can_hold_is_named_and_not_shown(tmp_path: Path) -> None:
    """In a URL it is encoded, which is the way out."""
    secret = json.dumps({"username": "app", "password": "hunter2 hunter2"})
    done = run(tmp_path, answers({"arn:database": secret}), stores=["DB_PASSWORD database.password"])
    assert done.returncode == 1
    assert "the secret of DB_PASSWORD holds white space" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        ("A arn:a 1", "hunter2 hunter2", "the secret of A holds white space, quotes, backslashes or char"),
        ("A arn:a 1", "hunter2\nNODE_OPTIONS=--inspect", "the secret of A holds white space"),
        ("A arn:a 1 key", "hunter2", "A arn:a is no JSON"),
        ("A arn:a 1 key", '{"hunter2": "hunter2"}', "A arn:a holds no text under key"),
        ("A arn:a 1 key", '{"key": ["hunter2"]}', "A arn:a holds no text under key"),
        ("A arn:a 1", None, "A arn:a holds no text"),
    ],
)
def test_a_secret_that_is_not_what_it_should_be_is_named_and_not_shown(
    line: str, text: str | None, reason: str, tmp_path: Path
) -> None:
    """The reason goes to the boot log; Node's own error of JSON would quote the text there."""
    done = run(tmp_path, answers({**KIT, "arn:a": text}), line)
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stdout == ""
    assert "hunter2" not in done.stderr.replace("no text under", "")


def test_a_secret_that_can_not_be_read_is_named_with_awss_reason(tmp_path: Path) -> None:
    """As where the role lacks the right to its key."""
    error = {"SecretId": "arn:a", "ErrorCode": "AccessDeniedException"}
    done = run(tmp_path, answers(KIT, errors=[error]), "A arn:a 1")
    assert "A arn:a can't be read" in done.stderr
    assert "AccessDeniedException" in done.stderr
