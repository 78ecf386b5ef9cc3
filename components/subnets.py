"""How a VPC's addresses are shared out among tiers and zones. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal, get_args

Tier = Literal["app", "data", "public"]
SLOTS = 4
"""Zones that each tier has room for, so that another zone moves no subnet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subnet:
    """One tier's addresses in one zone."""

    tier: Tier
    zone: int
    cidr: IPv4Network


def layout(vpc: IPv4Network, zones: int) -> list[Subnet]:
    """The subnets of a VPC: half of it for app, a quarter each for data and public, in `SLOTS` equal parts.

    Servers scale and are doubled while rolling; balancers, NATs and stores are few.
    """
    if not 1 <= zones <= SLOTS:
        raise ValueError(f"{zones} zones: there is room for 1 to {SLOTS}")
    app, rest = vpc.subnets()
    data, public = rest.subnets()
    blocks: dict[Tier, IPv4Network] = {"app": app, "data": data, "public": public}
    return [
        Subnet(tier=tier, zone=zone, cidr=cidr)
        for tier in get_args(Tier)
        for zone, cidr in zip(range(zones), blocks[tier].subnets(prefixlen_diff=2), strict=False)
    ]
