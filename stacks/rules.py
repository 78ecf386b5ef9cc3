"""Constraints between settings, one function per rule."""

from collections.abc import Callable, Iterator

from budgets.problems import DoesNotFit, Problem
from components.load_balancer import HTTP
from components.secret_arn import SecretArn
from stacks import replacements
from stacks.group_rules import GROUP_RULES
from stacks.process_rules import PROCESS_RULES
from stacks.sections import Settings
from stacks.security_rules import SECURITY_RULES, a_protected_stack_has_tls
from stacks.variable_rules import VARIABLE_RULES

RESERVED_ADMIN_NAMES = frozenset({"admin", "postgres", "rdsadmin", "root"})
"""RDS reserves `admin` and `rdsadmin`; the others are defaults that attackers try first (RDS.25)."""
MAX_CONNECTIONS = range(6, 8_388_608)
"""What RDS for PostgreSQL accepts: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html."""
MIN_NETWORK_PREFIX, MAX_NETWORK_PREFIX = 16, 22
"""A VPC is /16 at most; below /22 a subnet of a zone has fewer than 27 addresses."""


def a_domain_needs_its_hosted_zone(settings: Settings) -> Iterator[Problem]:
    """The certificate is validated and the address published there."""
    balancer = settings.load_balancer
    if balancer.domain is not None and balancer.hosted_zone_id is None and balancer.certificate_arn is None:
        yield Problem(
            setting="load_balancer.hosted_zone_id",
            value=None,
            reason=f"the certificate of {balancer.domain} is validated through its Route 53 zone",
            remedy="Set it to the zone's id, or set load_balancer.certificate_arn",
        )


def a_hosted_zone_needs_a_domain(settings: Settings) -> Iterator[Problem]:
    """Without a name there is nothing to publish."""
    balancer = settings.load_balancer
    if balancer.hosted_zone_id is not None and balancer.domain is None:
        yield Problem(
            setting="load_balancer.hosted_zone_id",
            value=balancer.hosted_zone_id,
            reason="it has no use without load_balancer.domain",
            remedy="Set load_balancer.domain, or take it out",
        )


def a_certificate_needs_its_domain(settings: Settings) -> Iterator[Problem]:
    """No certificate of a user's is valid for the balancer's own name: `verified` would never open."""
    balancer = settings.load_balancer
    if balancer.certificate_arn is not None and balancer.domain is None:
        yield Problem(
            setting="load_balancer.domain",
            value=None,
            reason="load_balancer.certificate_arn is not valid for the balancer's own name, at which the app "
            "would be asked",
            remedy="Set it to a name that the certificate is for",
        )


def https_leaves_port_80_to_the_redirect(settings: Settings) -> Iterator[Problem]:
    """Browsers try port 80 when no port is given."""
    balancer = settings.load_balancer
    if balancer.https and balancer.http_port != HTTP:
        yield Problem(
            setting="load_balancer.http_port",
            value=balancer.http_port,
            reason="beside HTTPS it only redirects, and browsers look for that on port 80",
            remedy="Take it out",
        )


def storage_only_grows(settings: Settings) -> Iterator[Problem]:
    """RDS refuses a limit below what is allocated."""
    database = settings.own_database
    if database and database.max_allocated_storage < database.allocated_storage:
        yield Problem(
            setting="database.max_allocated_storage",
            value=database.max_allocated_storage,
            reason=f"it is below database.allocated_storage, {database.allocated_storage}",
            remedy=f"Set it to {database.allocated_storage} or more",
        )


def waiting_ends_before_the_migrations_task(settings: Settings) -> Iterator[Problem]:
    """Else the task is stopped before the migrator can say for whom it waited."""
    migrations = settings.migrations
    if migrations.wait_for_transactions >= migrations.timeout:
        yield Problem(
            setting="migrations.wait_for_transactions",
            value=migrations.wait_for_transactions,
            reason=f"the whole task is stopped after {migrations.timeout} s (migrations.timeout)",
            remedy="Set it lower than migrations.timeout, or raise migrations.timeout",
        )


def the_admin_has_a_name_of_its_own(settings: Settings) -> Iterator[Problem]:
    """RDS.25."""
    database = settings.own_database
    if database and database.admin_user in RESERVED_ADMIN_NAMES:
        yield Problem(
            setting="database.admin_user",
            value=database.admin_user,
            reason="it is reserved, or the first name an attacker tries",
            remedy="Choose another, such as evenkeel_admin",
        )


def max_connections_is_a_number(settings: Settings) -> Iterator[Problem]:
    """The connection budget counts with it."""
    value = settings.database.parameters.get("max_connections") if settings.database else None
    if value is not None and not (value.isdecimal() and int(value) in MAX_CONNECTIONS):
        yield Problem(
            setting="database.parameters.max_connections",
            value=value,
            reason=f"RDS accepts {MAX_CONNECTIONS[0]} to {MAX_CONNECTIONS[-1]}, and the connection budget "
            "counts with it",
            remedy="Set it to a number such as 400, or take it out for RDS' own value",
            accepted=400,
        )


def secrets_of_an_existing_database_are_in_the_region(settings: Settings) -> Iterator[Problem]:
    """Servers and migrations ask Secrets Manager of their own region."""
    existing = settings.database.existing if settings.database else None
    for name in ("app_secret", "admin_secret") if existing else ():
        value = getattr(existing, name)
        secret = SecretArn.parse(value or "")
        if secret and secret.region != settings.aws.region:
            yield Problem(
                setting=f"database.existing.{name}",
                value=value,
                reason=f"servers and migrations read secrets of their own region, {settings.aws.region}",
                remedy="Replicate the secret to that region, and set this to the replica's ARN",
            )


def the_network_has_room(settings: Settings) -> Iterator[Problem]:
    """Public, app and data subnets in each zone come out of it."""
    cidr = settings.network.cidr
    if not MIN_NETWORK_PREFIX <= cidr.prefixlen <= MAX_NETWORK_PREFIX:
        yield Problem(
            setting="network.cidr",
            value=str(cidr),
            reason=f"a VPC of three subnets a zone is /{MIN_NETWORK_PREFIX} to /{MAX_NETWORK_PREFIX} here",
            remedy=f"Set it to a network such as {cidr.network_address}/{MIN_NETWORK_PREFIX}",
        )


def only_what_is_refused_can_be_allowed(settings: Settings) -> Iterator[Problem]:
    """A permission with a misspelt name would be missed only when it counts."""
    for name in sorted(settings.allow_replacement.keys() - replacements.SETTINGS):
        yield Problem(
            setting="allow_replacement",
            value=name,
            reason="a change of this setting loses nothing, or can't be allowed",
            remedy=f"There are: {', '.join(sorted(replacements.SETTINGS))}",
        )


RULES: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    a_domain_needs_its_hosted_zone,
    a_hosted_zone_needs_a_domain,
    a_certificate_needs_its_domain,
    https_leaves_port_80_to_the_redirect,
    *SECURITY_RULES,
    *GROUP_RULES,
    storage_only_grows,
    waiting_ends_before_the_migrations_task,
    the_admin_has_a_name_of_its_own,
    max_connections_is_a_number,
    secrets_of_an_existing_database_are_in_the_region,
    the_network_has_room,
    only_what_is_refused_can_be_allowed,
    *VARIABLE_RULES,
    *PROCESS_RULES,
)


def problems(settings: Settings) -> list[Problem]:
    """Everything that no single setting shows; the budgets are tried once the rest holds."""
    broken = [problem for rule in RULES for problem in rule(settings)]
    if broken:
        return broken
    for budget in ("timeline", "connections", "open_files"):
        try:
            getattr(settings, budget)
        except DoesNotFit as misfit:
            if misfit.problem not in broken:
                broken.append(misfit.problem)
    return broken


def problems_in_an_account(settings: Settings) -> list[Problem]:
    """What a stack that is deployed to an AWS account must set for itself, and a rehearsed one need not."""
    return list(a_protected_stack_has_tls(settings))
