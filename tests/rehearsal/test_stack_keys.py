"""docs/deploying-to-aws.md, step 3, by the real CLI: each stack's secrets have a key of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from rehearsal.engine import cli
from stacks.passphrase import PUBLISHED, refuse_published
from testkit.checkout import ROOT, succeed
from tests.rehearsal.pulumi_service import serving

STACKS = ("dev", "staging", "prod")
KMS = "awskms://alias/your-key"
AWS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-central-1"}
OWN = {"PULUMI_CONFIG_PASSPHRASE": "a passphrase of my own"}
SETTING = "evenkeel:app.environment.KEY"
SALT_KEYS, KMS_KEYS = {"encryptionsalt"}, {"secretsprovider", "encryptedkey"}
FORMER_SALT = "v1:z6Q+JH1bGd0=:v1:11icoJTxUFxX7//Q:uRZffHK49eadPWNVPfAcYpjjd4YrOg=="
"""What the stack files once held: a salt of the passphrase `rehearsal`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnCopy:
    """A copy of the project's files in a user's hands, and a backend."""

    folder: Path
    backend: str
    environment: dict[str, str]
    binary: Path = field(default_factory=lambda: cli.find(os.environ["PATH"]))

    def pulumi(
        self, *arguments: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs the CLI; `environment` is over the project's own."""
        return subprocess.run(
            [self.binary, "--non-interactive", *arguments],
            cwd=self.folder,
            env={**self.environment, "PULUMI_BACKEND_URL": self.backend, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def file(self, stack: str) -> Path:
        return self.folder / "stacks" / f"Pulumi.{stack}.yaml"

    def keys(self, stack: str) -> set[str]:
        """What a stack's file says about its key."""
        return set(yaml.safe_load(self.file(stack).read_text())) - {"config"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Of an AWS with a key."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    kms = client("kms", url)
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=KMS.removeprefix("awskms://"), TargetKeyId=key_id)
    yield url
    server.stop()


def client(service: str, endpoint: str) -> Any:
    names = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client(service, endpoint_url=endpoint, region_name=AWS["AWS_REGION"], **names)


@pytest.fixture
def project(request: pytest.FixtureRequest, endpoint: str, tmp_path: Path) -> Iterator[OwnCopy]:
    """By the parameter: on a `file`, `s3` or `cloud` backend; nobody's own settings reach in."""
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    for file in (ROOT / "stacks").glob("Pulumi.*.yaml"):
        shutil.copy2(file, folder / "stacks")
    shutil.copy2(ROOT / "Pulumi.yaml", folder)
    with backend(getattr(request, "param", "file"), endpoint, tmp_path / "states") as url:
        yield OwnCopy(
            folder=folder,
            backend=url,
            environment={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PULUMI_HOME": str(tmp_path / "home"),
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_ACCESS_TOKEN": "x",
                "AWS_ENDPOINT_URL": endpoint,
                **AWS,
            },
        )


@contextmanager
def backend(kind: str, endpoint: str, states: Path) -> Iterator[str]:
    """The URL of an empty one."""
    match kind:
        case "file":
            states.mkdir()
            yield f"file://{states}"
        case "s3":
            bucket = f"states-{uuid4()}"
            client("s3", endpoint).create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": AWS["AWS_REGION"]}
            )
            yield f"s3://{bucket}?use_path_style=true"
        case _:
            with serving() as service:
                yield service.url


@pytest.mark.parametrize(
    ("project", "provider", "environment", "keys"),
    [
        ("file", None, OWN, SALT_KEYS),
        ("file", "passphrase", OWN, SALT_KEYS),
        ("file", KMS, {}, KMS_KEYS),
        ("s3", None, OWN, SALT_KEYS),
        ("s3", "passphrase", OWN, SALT_KEYS),
        ("s3", KMS, {}, KMS_KEYS),
        ("cloud", None, {}, set()),
        ("cloud", "passphrase", OWN, SALT_KEYS),
        ("cloud", KMS, {}, KMS_KEYS),
    ],
    indirect=["project"],
    ids=[
        f"{backend}-{key}"
        for backend in ("file", "s3", "cloud")
        for key in ("default", "passphrase", "awskms")
    ],
)
def test_a_stack_is_made_with_a_key_of_its_own(
    project: OwnCopy, provider: str | None, environment: dict[str, str], keys: set[str]
) -> None:
    """Each of the three stacks; its secrets can be set and read, and the program does not refuse it."""
    flag = () if provider is None else ("--secrets-provider", provider)
    for stack in STACKS:
        succeed(project.pulumi("stack", "init", stack, *flag, **environment))
        assert project.keys(stack) == keys
        refuse_published(stack, project.file(stack), environment)
    setting = ("--path", SETTING, "--stack", stack)
    succeed(project.pulumi("config", "set", "--secret", *setting, "hidden", **environment))
    assert "hidden" not in project.file(stack).read_text()
    assert succeed(project.pulumi("config", "get", *setting, **environment)).stdout.strip() == "hidden"
    if environment:
        others = project.pulumi("config", "get", *setting, PULUMI_CONFIG_PASSPHRASE=PUBLISHED)
        assert "incorrect passphrase" in others.stderr


def test_the_former_salt_took_no_passphrase_but_the_published_one(project: OwnCopy) -> None:
    """The twin: with it in the file, the test above fails."""
    with project.file("prod").open("a") as file:
        file.write(f"encryptionsalt: {FORMER_SALT}\n")
    assert "incorrect passphrase" in project.pulumi("stack", "init", "prod", **OWN).stderr
    succeed(project.pulumi("stack", "init", "prod", PULUMI_CONFIG_PASSPHRASE=PUBLISHED))


@pytest.mark.parametrize(
    ("provider", "stdin", "keys", "environment"),
    [(KMS, "", KMS_KEYS, {}), ("passphrase", OWN["PULUMI_CONFIG_PASSPHRASE"], SALT_KEYS, OWN)],
)
def test_a_stack_with_the_published_passphrase_gets_a_key_by_the_remedy(
    project: OwnCopy, provider: str, stdin: str, keys: set[str], environment: dict[str, str]
) -> None:
    """What `PublishedPassphrase` says: its secrets stay, and the program refuses it no more."""
    former = {"PULUMI_CONFIG_PASSPHRASE": PUBLISHED}
    with project.file("prod").open("a") as file:
        file.write(f"encryptionsalt: {FORMER_SALT}\n")
    setting = ("--path", SETTING, "--stack", "prod")
    succeed(project.pulumi("stack", "init", "prod", **former))
    succeed(project.pulumi("config", "set", "--secret", *setting, "hidden", **former))
    change = ("stack", "change-secrets-provider", provider, "--stack", "prod")
    succeed(project.pulumi(*change, stdin=stdin, **former))
    assert project.keys("prod") == keys
    refuse_published("prod", project.file("prod"), environment)
    assert succeed(project.pulumi("config", "get", *setting, **environment)).stdout.strip() == "hidden"
