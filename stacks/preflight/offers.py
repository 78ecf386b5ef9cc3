"""Whether the region's zones have what the stack asks for."""

from collections.abc import Iterator

from stacks.preflight.target import Target


def zones(target: Target) -> Iterator[str]:
    """Those that `components/cloud.py` would choose: enough of them, and none that is out of order."""
    wanted, region = target.settings.network.zones, target.settings.aws.region
    chosen = chosen_zones(target)
    if len(chosen) < wanted:
        yield f"evenkeel:network.zones is {wanted}: {region} has {len(chosen)} for this account. Set it so"
    for name, state in chosen.items():
        if state != "available":
            yield f"zone {name} is {state} just now: what is made there may fail. Wait until it is not"


def instance_types(target: Target) -> Iterator[str]:
    """Each zone has to have one of the types."""
    types = target.settings.app_servers.instance_types
    pages = target.client("ec2").get_paginator("describe_instance_type_offerings")
    of_types = [{"Name": "instance-type", "Values": types}]
    offered: dict[str, set[str]] = {}
    for page in pages.paginate(LocationType="availability-zone", Filters=of_types):
        for offer in page.get("InstanceTypeOfferings", []):
            offered.setdefault(offer["Location"], set()).add(offer["InstanceType"])
    for zone in chosen_zones(target):
        if zone not in offered:
            yield (
                f"evenkeel:app_servers.instance_types is {', '.join(types)}: zone {zone} offers none. "
                "Add one: aws ec2 describe-instance-type-offerings --location-type availability-zone"
            )


def database_class(target: Target) -> Iterator[str]:
    """RDS offers a class for some versions, and not everywhere with a standby."""
    database = target.settings.own_database
    if database is None:
        return
    pages = target.client("rds").get_paginator("describe_orderable_db_instance_options")
    offers = [
        offer
        for page in pages.paginate(Engine="postgres", DBInstanceClass=database.instance_class)
        for offer in page.get("OrderableDBInstanceOptions", [])
        if f"{offer['EngineVersion']}.".startswith(f"{database.engine_version}.")
    ]
    standby = " with a standby (database.multi_az)" if database.multi_az else ""
    if not any(offer.get("MultiAZCapable") or not database.multi_az for offer in offers):
        yield (
            f"evenkeel:database.instance_class is {database.instance_class}: RDS offers none for PostgreSQL "
            f"{database.engine_version} in {target.settings.aws.region}{standby}. Choose another: "
            "aws rds describe-orderable-db-instance-options --engine postgres"
        )


def chosen_zones(target: Target) -> dict[str, str]:
    """The state of each, by name."""
    zones = target.client("ec2").describe_availability_zones(
        Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}]
    )["AvailabilityZones"]
    states = {zone["ZoneName"]: zone["State"] for zone in zones}
    return {name: states[name] for name in sorted(states)[: target.settings.network.zones]}
