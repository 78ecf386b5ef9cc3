"""Stack `prod`, as its file has it, from nothing to its end in a rehearsal of its own.

Its file gets what a user has to put in: domain, zone, an address for alarms. And where the rehearsal is, and
the Node.js that this machine has.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import yaml

from components import artifact
from components.browser import browser
from rehearsal import daemon
from rehearsal.aws import client
from rehearsal.engine import installation
from rehearsal.engine.environment import SECRETS_PROVIDER, Rehearsal, of_project
from stacks import preflight
from testkit.checkout import Checkout, succeed

pytestmark = pytest.mark.long
DOMAIN = "app.shop-of-ours.com"
STACK = ("--stack", "prod")
UP = ("up", "--yes", "--skip-preview", *STACK)
UNPROTECTED = {
    "load_balancer.deletion_protection": "false",
    "redis.deletion_protection": "false",
    "database.deletion_protection": "false",
    "buckets.force_destroy": "true",
}
"""docs/runbooks/stores.md, "Take a stack down"."""
CHECKS = [f"pytest_evenkeel/checks/test_{subject}.py" for subject in ("network", "secrets", "stores")]
"""Those that look at the servers, and not through the balancer: the domain is in no DNS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prod:
    """A copy of the project in whose rehearsal nothing but `prod` is deployed."""

    checkout: Checkout
    rehearsal: Rehearsal

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.checkout.pulumi(*arguments)

    def preflight(self, *flags: str) -> subprocess.CompletedProcess[str]:
        return self.checkout.as_deployer(
            "prod", ".venv/bin/python", "-m", "stacks", "preflight", "prod", *flags
        )

    def check(self) -> subprocess.CompletedProcess[str]:
        """The checks of a deployed stack."""
        command = [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not disruptive"),
            *STACK,
        ]
        return subprocess.run(
            [*command, *CHECKS],
            cwd=self.checkout.folder,
            env=self.checkout.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def set(self, settings: dict[str, str]) -> None:
        for setting, value in settings.items():
            succeed(self.pulumi("config", "set", *STACK, "--path", f"evenkeel:{setting}", value))


@contextmanager
def started(checkout: Checkout) -> Iterator[Rehearsal]:
    """The copy's rehearsal, in which nothing is deployed."""
    rehearsal = of_project(checkout.folder)
    installation.install(rehearsal)
    try:
        daemon.start(rehearsal)
        yield rehearsal
    finally:
        checkout.end()


def filled_in(checkout: Checkout, zone: str) -> None:
    """Puts into the stack's file what nobody can guess."""
    for placeholder, own in {
        "app.example.com": DOMAIN,
        "Z0123456789ABCDEFGHIJ": zone,
        "on-call@example.com": "on-call@shop-of-ours.com",
    }.items():
        checkout.replace("stacks/Pulumi.prod.yaml", placeholder, own)
    file = checkout.folder / "stacks/Pulumi.prod.yaml"
    settings = yaml.safe_load(file.read_text())
    of_a_rehearsal = yaml.safe_load((checkout.folder / "stacks/Pulumi.local.yaml").read_text())["config"]
    settings["config"]["evenkeel:aws"] = of_a_rehearsal["evenkeel:aws"]
    settings["config"]["evenkeel:app"] = {"node": int(artifact.node_version().removeprefix("v"))}
    file.write_text(yaml.safe_dump(settings))


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prod]:
    """Nothing is deployed yet; the zone of its domain is there."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("prod"))
    with started(checkout) as rehearsal, pytest.MonkeyPatch.context() as environment:
        authority = rehearsal.state / "ca.pem"
        assert authority.exists()
        environment.setenv("SSL_CERT_FILE", str(authority))  # as a company's own authority is trusted
        made = client(rehearsal, "route53").create_hosted_zone(
            Name="shop-of-ours.com", CallerReference="prod"
        )
        filled_in(checkout, made["HostedZone"]["Id"].rpartition("/")[2])
        prod = Prod(checkout=checkout, rehearsal=rehearsal)
        yield prod


def test_prod_lives_from_nothing_to_its_end(prod: Prod) -> None:
    """Preflight lets it pass, the app answers by its name, and it goes once nothing protects it."""
    roles_missing = prod.preflight()
    assert roles_missing.returncode == 1
    assert "the account has no service-linked role for ecs.amazonaws.com" in roles_missing.stdout
    ready = succeed(prod.preflight("--make-roles")).stdout
    assert [line.split()[0] for line in ready.splitlines()] == ["ok"] * (1 + len(preflight.CHECKS)), ready
    succeed(prod.pulumi("stack", "init", "prod", "--secrets-provider", SECRETS_PROVIDER))
    succeed(prod.pulumi(*UP))
    outputs = prod.checkout.outputs("prod")
    assert outputs["url"] == f"https://{DOMAIN}"
    with browser(outputs["url"], outputs["balancer_dns_name"]).open(f"{outputs['url']}/readyz") as answer:
        assert answer.status == 200
    succeed(prod.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", *STACK))
    succeed(prod.check())
    refused = prod.pulumi("destroy", "--yes", "--skip-preview", *STACK)
    assert refused.returncode != 0
    assert [setting for setting in UNPROTECTED if setting not in refused.stdout + refused.stderr] == []
    prod.set(UNPROTECTED)
    succeed(prod.pulumi(*UP))
    succeed(prod.pulumi("destroy", "--yes", "--skip-preview", *STACK))
