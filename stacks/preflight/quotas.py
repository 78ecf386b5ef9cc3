"""What a stack takes of an account's quotas, and what is left of them."""

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from budgets.instance_types import vcpus
from stacks.preflight.target import Target

ADDRESSES = ("ec2", "L-0263D0A3", "Elastic IPs")
VPCS = ("vpc", "L-F678F1CE", "VPCs")
ON_DEMAND = ("ec2", "L-1216C47A", "vCPUs of On-Demand Standard instances")
SPOT = ("ec2", "L-34B43A08", "vCPUs of Standard Spot Instances")
"""Service, code and name: Service Quotas' own."""
STANDARD = tuple("acdhimrtz")
"""Families of instance types that share these two quotas."""
Quota = tuple[str, str, str]


def quotas(target: Target) -> Iterator[str]:
    """Each that the stack would exceed, with what others in the account use now."""
    ec2 = target.client("ec2")
    network = target.settings.network
    addresses = target.of_others(ec2.describe_addresses().get("Addresses", []))
    yield from short(target, ADDRESSES, 1 if network.nat == "one" else network.zones, len(addresses))
    yield from short(target, VPCS, 1, len(target.of_others(vpcs(ec2))))
    running = list(target.of_others(instances(ec2)))
    on_demand, spot = processors(target)
    if on_demand:
        used = sum(used_by(server) for server in running if "InstanceLifecycle" not in server)
        yield from short(target, ON_DEMAND, on_demand, used)
    if spot:
        used = sum(used_by(server) for server in running if server.get("InstanceLifecycle") == "spot")
        yield from short(target, SPOT, spot, used)


def processors(target: Target) -> tuple[int, int]:
    """What a rollout at the group's largest size needs: vCPUs on demand, and Spot; of Standard types only."""
    servers = target.settings.app_servers
    vcpus_of_a_server = max(
        (vcpus(kind) or 0 for kind in servers.instance_types if kind.startswith(STANDARD)), default=0
    )
    largest = ceil(servers.max_size * servers.max_healthy_percentage / 100)
    base = min(servers.on_demand_base, largest)
    on_demand = base + ceil((largest - base) * servers.on_demand_percentage / 100)
    return vcpus_of_a_server * on_demand, vcpus_of_a_server * (largest - on_demand)


def vpcs(ec2: Any) -> Iterable[Mapping[str, Any]]:
    """All of the region's."""
    for page in ec2.get_paginator("describe_vpcs").paginate():
        yield from page.get("Vpcs", [])


def instances(ec2: Any) -> Iterable[Mapping[str, Any]]:
    """Those that run."""
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    for page in ec2.get_paginator("describe_instances").paginate(Filters=states):
        for reservation in page.get("Reservations", []):
            yield from reservation["Instances"]


def used_by(instance: Mapping[str, Any]) -> int:
    """The vCPUs of an instance of a Standard type."""
    if not instance["InstanceType"].startswith(STANDARD):
        return 0
    options = instance.get("CpuOptions", {})
    return int(options.get("CoreCount", 1)) * int(options.get("ThreadsPerCore", 1))


def short(target: Target, quota: Quota, needed: int, used: int) -> Iterator[str]:
    """Whether a quota is too small for what is used and needed."""
    service, code, name = quota
    allowed = int(limit(target.client("service-quotas"), service, code))
    if used + needed > allowed:
        yield (
            f"the account may have {allowed} {name} here, {used} are in use, and the stack needs {needed}. "
            f"Ask for more: aws service-quotas request-service-quota-increase --service-code {service} "
            f"--quota-code {code} --desired-value {used + needed}"
        )


def limit(service_quotas: Any, service: str, code: str) -> float:
    """The account's own, else what every account has."""
    try:
        answer = service_quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        answer = service_quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return float(answer["Quota"]["Value"])
