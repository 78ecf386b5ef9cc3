"""Settings that would leave a stack open to strangers, or its data without a copy: refused in every stack."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from budgets.problems import Problem
from components.values import on_loopback
from stacks.sections import Settings

WEB_PORTS = (80, 443)


def postgres_takes_no_connection_without_tls(settings: Settings) -> Iterator[Problem]:
    """RDS.38."""
    value = settings.database.parameters.get("rds.force_ssl") if settings.database else None
    if value is not None and value != "1":
        yield Problem(
            setting="database.parameters.rds.force_ssl",
            value=value,
            reason="passwords and rows would cross the network in plain text (RDS.38)",
            remedy="Take it out",
            accepted="1",
        )


def what_is_trusted_comes_over_https(settings: Settings) -> Iterator[Problem]:
    """Whoever answers in their place is trusted with credentials, the database and the stores."""
    why = {
        "endpoint": "whoever is on the way reads and forges all that is said to AWS",
        "ca_bundle_url": "whoever is on the way chooses which database and which stores the servers trust",
    }
    for name, reason in why.items():
        url = getattr(settings.aws, name)
        if url is not None and urlsplit(url).scheme == "http" and not on_loopback(url):
            yield Problem(
                setting=f"aws.{name}",
                value=url,
                reason=f"without TLS {reason}",
                remedy="Set it to an https:// address; http:// is for a rehearsal on 127.0.0.1",
            )


def only_the_webs_ports_are_open_to_the_world(settings: Settings) -> Iterator[Problem]:
    """EC2.18, EC2.19. Beside HTTPS another rule asks for port 80."""
    balancer = settings.load_balancer
    if balancer.http_port not in WEB_PORTS and not balancer.https and not settings.aws.rehearsed:
        yield Problem(
            setting="load_balancer.http_port",
            value=balancer.http_port,
            reason="only 80 and 443 may be open to the whole world (EC2.18)",
            remedy="Take it out; another port is for a rehearsal on 127.0.0.1",
            accepted=80,
        )


def a_protected_database_has_backups(settings: Settings) -> Iterator[Problem]:
    """Deletion protection does not help against a wrong UPDATE."""
    database = settings.own_database
    if database and database.deletion_protection and database.backup_retention_days == 0:
        yield Problem(
            setting="database.backup_retention_days",
            value=0,
            reason="a database that is worth database.deletion_protection has no backup then, and no "
            "point-in-time recovery (RDS.11)",
            remedy="Set it to 7 or more, or database.deletion_protection to false",
            accepted=7,
        )


SECURITY_RULES: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    postgres_takes_no_connection_without_tls,
    what_is_trusted_comes_over_https,
    only_the_webs_ports_are_open_to_the_world,
    a_protected_database_has_backups,
)


def a_protected_stack_has_tls(settings: Settings) -> Iterator[Problem]:
    """Asked only of a stack that is deployed to an account: nobody can guess the domain."""
    if settings.protected and not settings.load_balancer.https:
        yield Problem(
            setting="load_balancer.domain",
            value=None,
            reason="passwords and session cookies would cross the internet in plain text, and the stack's "
            "deletion protection says that it is production (ELB.1)",
            remedy="Set it, and load_balancer.hosted_zone_id or load_balancer.certificate_arn. Where nothing "
            "is worth protecting, set deletion_protection of load_balancer, redis and database to false",
        )
