"""What a launch of an Auto Scaling group needs, read from moto's record of the group."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG
from moto.ec2.utils import convert_tag_spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """A launch template at one version, never `$Latest` or `$Default`, and the type to launch."""

    template_id: str
    template_name: str
    version: str
    instance_type: str

    @property
    def specification(self) -> dict[str, str]:
        """As the API writes it."""
        return {
            "LaunchTemplateId": self.template_id,
            "LaunchTemplateName": self.template_name,
            "Version": self.version,
        }


def configuration(group: Any) -> Configuration:
    """What the group launches now."""
    policy = group.mixed_instances_policy or {}
    return resolve(group.launch_template_version, group.ec2_launch_template, policy)


def desired_configuration(group: Any, desired: dict[str, Any]) -> Configuration:
    """What a `DesiredConfiguration` of an instance refresh asks for."""
    policy = desired.get("MixedInstancesPolicy") or {}
    wanted = desired.get("LaunchTemplate") or policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    backend = group.ec2_backend
    if "LaunchTemplateId" in wanted:
        template = backend.get_launch_template(wanted["LaunchTemplateId"])
    else:
        template = backend.get_launch_template_by_name(wanted["LaunchTemplateName"])
    return resolve(wanted.get("Version", "$Default"), template, policy)


def resolve(version: str, template: Any, policy: dict[str, Any]) -> Configuration:
    """The first override's type stands for all: in rehearsal every type is to be had."""
    resolved = template.get_version(version)
    overrides = policy.get("LaunchTemplate", {}).get("Overrides") or [{}]
    return Configuration(
        template_id=template.id,
        template_name=template.name,
        version=str(resolved.number),
        instance_type=overrides[0].get("InstanceType") or resolved.instance_type,
    )


def adopt(group: Any, desired: dict[str, Any]) -> None:
    """Make a refresh's configuration the group's own."""
    group.update(
        availability_zones=[],
        desired_capacity=None,
        max_size=None,
        min_size=None,
        launch_config_name="",
        launch_template=desired.get("LaunchTemplate") or {},
        vpc_zone_identifier="",
        health_check_period=None,
        health_check_type=None,
        mixed_instances_policy=desired.get("MixedInstancesPolicy"),
    )


def warmup(group: Any) -> float:
    """Seconds from a server's first healthy moment until it counts."""
    given = (group.default_instance_warmup, group.health_check_grace_period)
    return float(next((value for value in given if value is not None), 0))


def run_instance(group: Any, launched_with: Configuration, *, subnet: str | None, spot: bool) -> Any:
    """Launch one, as EC2 would be asked to; moto's ServiceException where it refuses."""
    template = {"LaunchTemplateId": launched_with.template_id, "Version": launched_with.version}
    data = group.ec2_backend._get_template_from_args(template).data
    reservation = group.ec2_backend.run_instances(
        data.get("ImageId", ""),
        1,
        None,
        [],
        launch_template=template,
        instance_type=launched_with.instance_type,
        is_instance_type_default=False,
        region_name=group.region,
        subnet_id=subnet,
        placement=None if subnet else group.availability_zones[0],
        instance_market_options={"MarketType": "spot"} if spot else None,
        nics=[{**interface, "SubnetId": subnet} for interface in data.get("NetworkInterfaces", [])],
        tags={
            "instance": {**propagated_tags(group), ASG_NAME_TAG: group.name},
            "volume": convert_tag_spec(data.get("TagSpecifications", [])).get("volume", {}),
        },
    )
    instance = reservation.instances[0]
    instance.autoscaling_group = group
    return instance


def propagated_tags(group: Any) -> dict[str, str]:
    """The tags that the group gives its servers; one without a value has an empty one, as on AWS."""
    return {tag["Key"]: tag.get("Value", "") for tag in group.tags if tag.get("PropagateAtLaunch")}


def subnets_of(group: Any) -> list[str]:
    """The group's subnets."""
    return group.vpc_zone_identifier.split(",") if group.vpc_zone_identifier else []


def is_spot_next(group: Any, *, on_demand: int, spot: int) -> bool:
    """Whether the next server of a group that has so many of each is to be a spot one.

    Source: "Instances distribution" of the user guide; a share of on-demand servers is rounded up.
    """
    distribution = (group.mixed_instances_policy or {}).get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    share = distribution.get("OnDemandPercentageAboveBaseCapacity")
    above = max(0, on_demand + spot + 1 - base)
    return on_demand >= base + ceil(above * (100 if share is None else int(share)) / 100)
