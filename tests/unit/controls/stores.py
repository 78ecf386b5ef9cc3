"""The database and the Redis groups."""

from collections.abc import Iterator

from testkit.registered import Registered
from tests.unit.controls.control import Control, Flip, Inputs, changed, each, flip, named, plain, put

DATABASE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
EVENTS = "aws:rds/eventSubscription:EventSubscription"
REDIS = "aws:elasticache/replicationGroup:ReplicationGroup"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
LOGS = "enabledCloudwatchLogsExports"


def events(id: str, source: str, *categories: str) -> Control:
    """Somebody is told of a source's events."""

    def broken(made: Registered) -> Iterator[str]:
        found = [one for one in made.all(EVENTS).values() if one["sourceType"] == source]
        if not any(set(categories) <= set(one["eventCategories"]) and one["snsTopic"] for one in found):
            yield source

    def without_the_first(inputs: Inputs) -> None:
        inputs["eventCategories"] = [one for one in inputs["eventCategories"] if one != categories[0]]

    return Control(
        id=id,
        promise=f"somebody is told of a {source}'s {', '.join(categories)}",
        broken=broken,
        flips=flip(EVENTS, without_the_first, only=lambda name: name.endswith(source)),
    )


def force_ssl(group: Inputs) -> Inputs:
    """The parameter of a parameter group; nothing where it is not set."""
    found = [one for one in group["parameters"] if one["name"] == "rds.force_ssl"]
    return found[0] if found else {}


def without_forced_tls(made: Registered) -> Iterator[str]:
    """Databases whose parameter group does not force it."""
    groups = {named(name): inputs for name, inputs in made.all(PARAMETERS).items()}
    for name, inputs in made.all(DATABASE).items():
        group = groups.get(inputs["parameterGroupName"])
        if group is None or force_ssl(group).get("value") != "1":
            yield name


def routed(made: Registered) -> Iterator[str]:
    """Data subnets from which a route leads anywhere."""
    tables = {one["routeTableId"] for one in made.all(ROUTE).values()}
    for name, inputs in made.all(ASSOCIATION).items():
        if "-data-" in name and inputs["routeTableId"] in tables:
            yield name


def route_them(made: Registered) -> Iterator[Flip]:
    data = next(one for name, one in made.all(ASSOCIATION).items() if "-data-" in name)
    for name in made.all(ROUTE):
        yield changed(ROUTE, name, put("routeTableId", data["routeTableId"]))


STORES = (
    each("RDS.2", "not public", DATABASE, "publiclyAccessible", False, True),
    each("RDS.3", "encrypted", DATABASE, "storageEncrypted", True, False),
    each("RDS.5", "in two zones", DATABASE, "multiAz", True, False),
    each("RDS.6", "enhanced monitoring", DATABASE, "monitoringInterval", lambda one: one > 0, 0),
    each("RDS.8", "deletion protection", DATABASE, "deletionProtection", True, False),
    each("RDS.9", "logs in CloudWatch", DATABASE, LOGS, lambda one: "upgrade" in one, ["postgresql"]),
    each("RDS.10", "IAM authentication", DATABASE, "iamDatabaseAuthenticationEnabled", True, False),
    each("RDS.11", "a week's backups", DATABASE, "backupRetentionPeriod", lambda one: one >= 7, 6),
    each("RDS.13", "minor upgrades", DATABASE, "autoMinorVersionUpgrade", True, False),
    each("RDS.17", "tags on snapshots", DATABASE, "copyTagsToSnapshot", True, False),
    events("RDS.20", "db-instance", "maintenance", "configuration change", "failure"),
    events("RDS.21", "db-parameter-group", "configuration change"),
    events("RDS.22", "db-security-group", "configuration change", "failure"),
    each("RDS.23", "a port of its own", DATABASE, "port", lambda one: one != 5432, 5432),
    each("RDS.25", "an admin of its own", DATABASE, "username", lambda one: one != "postgres", "postgres"),
    each("RDS.36", "its log in CloudWatch", DATABASE, LOGS, lambda one: "postgresql" in one, ["upgrade"]),
    Control(
        id="RDS.38",
        promise="no connection without TLS",
        broken=without_forced_tls,
        flips=flip(PARAMETERS, lambda inputs: force_ssl(inputs).update(value="0")),
    ),
    Control(id="RDS.46", promise="no route to the internet", broken=routed, flips=route_them),
    each("performance insights", "are on", DATABASE, "performanceInsightsEnabled", True, False),
    each("final snapshot", "is taken", DATABASE, "skipFinalSnapshot", False, True),
    each("ElastiCache.1", "snapshots", REDIS, "snapshotRetentionLimit", lambda one: one >= 1, 0),
    each("ElastiCache.2", "minor upgrades", REDIS, "autoMinorVersionUpgrade", True, False),
    each("ElastiCache.3", "automatic failover", REDIS, "automaticFailoverEnabled", True, False),
    each("ElastiCache.4", "encrypted at rest", REDIS, "atRestEncryptionEnabled", True, False),
    each("ElastiCache.5", "encrypted in transit", REDIS, "transitEncryptionEnabled", True, False),
    each("ElastiCache.6", "a token", REDIS, "authToken", lambda one: bool(plain(one)), None),
    each("ElastiCache.7", "own subnets", REDIS, "subnetGroupName", lambda one: one != "default", "default"),
    each("Redis' zones", "two or more", REDIS, "multiAzEnabled", True, False),
)
