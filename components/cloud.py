"""The account that a stack lives in: how it is reached, and what is looked up there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypedDict

import pulumi
import pulumi_aws as aws
from pydantic import Field

from budgets.instance_types import architecture
from components.gates.aws_api import AwsApi
from components.values import on_loopback

IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
"""Where AWS publishes the newest Amazon Linux 2023."""

REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"
"""How a region of AWS is named."""


class Elsewhere(TypedDict, total=False):
    """Arguments of `aws.Provider`."""

    endpoints: list[aws.ProviderEndpointArgsDict]
    s3_use_path_style: bool
    skip_credentials_validation: bool
    skip_metadata_api_check: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudSettings:
    """Which cloud answers."""

    region: Annotated[str, Field(pattern=REGION)] = "eu-central-1"
    """Where everything of the stack is."""
    endpoint: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] | None = None
    """Another AWS API than Amazon's, such as the rehearsal's http://127.0.0.1:4577. Its port is the
    rehearsal's. Other machines are asked over https:// only, for the next one too."""
    ca_bundle_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """The certificate authority of databases and stores, as PEM; otherwise the region's of RDS, or the
    rehearsal's own."""

    @property
    def ca_bundle(self) -> str:
        """Where servers and tasks fetch the authority that they trust with databases and stores."""
        if self.ca_bundle_url:
            return self.ca_bundle_url
        if self.rehearsed:
            return f"{self.endpoint}/_evenkeel/ca.pem"
        return f"https://truststore.pki.rds.amazonaws.com/{self.region}/{self.region}-bundle.pem"

    @property
    def rehearsed(self) -> bool:
        """Whether a rehearsal on this machine answers, and nothing outside can be reached or harmed."""
        return self.endpoint is not None and on_loopback(self.endpoint)

    @property
    def api(self) -> AwsApi:
        """The same API, for what hooks ask."""
        return AwsApi(region=self.region, endpoint=self.endpoint)


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudArgs:
    """Which account and region, and what of it is wanted."""

    settings: CloudSettings
    tags: Mapping[str, str]
    """Of every resource."""
    zones: int
    image_id: str | None
    """Pins the machine image."""
    instance_type: str
    """Decides the image's architecture."""


class Cloud:
    """The provider that every component is given, and what it says about the account.

    Makes: `pulumi.providers.aws`.
    """

    def __init__(self, name: str, args: CloudArgs) -> None:
        self.provider = aws.Provider(
            name,
            region=args.settings.region,
            default_tags={"tags": args.tags},
            **(Elsewhere() if args.settings.endpoint is None else elsewhere(args.settings.endpoint)),
        )
        look_up = pulumi.InvokeOptions(provider=self.provider)
        self.account_id = aws.get_caller_identity_output(opts=look_up).account_id
        self.image_id = args.image_id or newest_image(args.instance_type, look_up)
        # The program waits for the zones alone: it has to know how many there are.
        zones = aws.get_availability_zones(
            # In whatever state: with an impaired zone left out the others would take its subnets over.
            # Local zones have no NAT gateways or databases.
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=look_up,
        )
        self.zones = first(sorted(zones.names), args.zones, args.settings.region)


def first(names: Sequence[str], count: int, region: str) -> list[str]:
    """So many zones, in the order of their names; raises where the region has fewer."""
    if len(names) < count:
        raise pulumi.RunError(
            f"evenkeel:network.zones is {count}: region {region} has {len(names)} zones for this account, "
            f"{', '.join(names)}. Set it to {len(names)}, or choose another region."
        )
    return list(names[:count])


def elsewhere(endpoint: str) -> Elsewhere:
    """The provider's arguments where one address answers for every service."""
    return {
        "endpoints": [
            {
                "acm": endpoint,
                "autoscaling": endpoint,
                "cloudwatch": endpoint,
                "cloudwatchlogs": endpoint,
                "ec2": endpoint,
                "ecs": endpoint,
                "elasticache": endpoint,
                "elasticloadbalancingv2": endpoint,
                "iam": endpoint,
                "kms": endpoint,
                "rds": endpoint,
                "route53": endpoint,
                "s3": endpoint,
                "s3control": named(endpoint),
                "secretsmanager": endpoint,
                "sns": endpoint,
                "ssm": endpoint,
                "sts": endpoint,
            }
        ],
        "s3_use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
    }


def named(endpoint: str) -> str:
    """The endpoint by a name: clients of S3 Control, which tags buckets, put the account's id before it."""
    return endpoint.replace("//127.0.0.1", "//localhost")


def newest_image(instance_type: str, look_up: pulumi.InvokeOptions) -> pulumi.Output[str]:
    """The id of the newest Amazon Linux 2023 that runs on the type."""
    name = IMAGE_PARAMETER.format(architecture=architecture(instance_type))
    return aws.ssm.get_parameter_output(name=name, opts=look_up).insecure_value
