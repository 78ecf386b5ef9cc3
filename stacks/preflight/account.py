"""Who one is in AWS, where, and what the account has to have before a stack can be made in it."""

import os
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from stacks.preflight.target import Target

LOG_IN = "Give the shell credentials: `aws sso login`, or AWS_PROFILE"
SERVICES = (
    "autoscaling.amazonaws.com",
    "ecs.amazonaws.com",
    "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
)
"""Each has a role of its own in an account, which the first call makes there, and for which it may fail."""
SPOT = "spot.amazonaws.com"


def credentials(target: Target) -> Iterator[str]:
    """Raises what AWS says where it lets nobody in."""
    elsewhere = os.environ.get("AWS_ENDPOINT_URL")
    if elsewhere and target.settings.aws.endpoint is None:
        yield f"AWS_ENDPOINT_URL is {elsewhere}: what is checked there is no AWS account. Unset it"
        return
    target.client("sts").get_caller_identity()


def region(target: Target) -> Iterator[str]:
    """Some regions have to be enabled first."""
    name = target.settings.aws.region
    regions = target.client("ec2").describe_regions(AllRegions=True)["Regions"]
    found = {one["RegionName"]: one.get("OptInStatus") for one in regions}
    if name not in found:
        yield f"evenkeel:aws.region is {name}: there is no such region. There are: {', '.join(sorted(found))}"
    elif found[name] == "not-opted-in":
        yield f"evenkeel:aws.region is {name}: it is not enabled. Enable it in the console, Account"


def roles(target: Target) -> Iterator[str]:
    """A role that is just being made fails the call that needs it. Makes them when asked to."""
    iam = target.client("iam")
    has_spot = target.settings.app_servers.has_spot
    for service in (*SERVICES, SPOT) if has_spot else SERVICES:
        # A page may be empty, and not be the last.
        pages = iam.get_paginator("list_roles").paginate(PathPrefix=f"/aws-service-role/{service}/")
        if any(page.get("Roles") for page in pages):
            continue
        if target.makes_roles:
            make_role(iam, service)
        else:
            yield (
                f"the account has no service-linked role for {service}: the first `pulumi up` would make it, "
                "and may fail as the role is not known at once. Run this again with --make-roles, or "
                f"`aws iam create-service-linked-role --aws-service-name {service}`"
            )


def make_role(iam: Any, service: str) -> None:
    """The service-linked role of a service, unless someone else was quicker."""
    try:
        iam.create_service_linked_role(AWSServiceName=service)
    except ClientError as error:
        if "has been taken" not in str(error):
            raise
