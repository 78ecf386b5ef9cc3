"""What moto's EC2 lacks for instances that are real.

An instance gets an address of the cloud, what its launch template says of metadata and volumes, and is
`shutting-down` or `stopping` until its body (body.py) has ended its processes.
"""

import copy
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidLaunchTemplateIdNotFound,
    InvalidLaunchTemplateNameNotFoundWithNameError,
)
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, StateReason
from moto.ec2.models.tags import TagBackend
from moto.ec2.responses.general import General

from rehearsal.cloud.addresses import Addresses
from rehearsal.cloud.ec2.zones import Zones
from rehearsal.cloud.moto_patch import patch

QUOTA = 64
"""Instances that may run at a time: for the machine's sake. AWS counts vCPUs, and so does `preflight`."""
_CONSOLE_BYTES = 64 * 1024  # GetConsoleOutput's own limit
_DEFAULT_VOLUME_GIB = 8

_prepare_interfaces = Instance.prep_nics
_terminate, _stop, _start = Instance.terminate, Instance.stop, Instance.start
_run_instances = InstanceBackend.run_instances
_find_template = InstanceBackend._get_template_from_args
_create_tags = TagBackend.create_tags


def patch_moto(addresses: Addresses, zones: Zones, console: Callable[[str], str]) -> None:
    """Replace what falls short; once a process. `console` knows what an instance has printed so far."""

    def prepare_interfaces(instance: Any, *args: Any, **kwargs: Any) -> None:
        _prepare_interfaces(instance, *args, **kwargs)
        interface, address = instance.nics[0], addresses.take()
        interface.private_ip_address = address
        interface.private_ip_addresses[0]["PrivateIpAddress"] = address

    def get_console_output(response: Any) -> ActionResult:
        instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
        output = Base64EncodedString.from_raw_string(console(instance.id)[-_CONSOLE_BYTES:])
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})

    def run_instances(backend: Any, *args: Any, **kwargs: Any) -> Any:
        if (zone := _zone_of(backend, kwargs)) in zones.lost or zones.is_short(zone):
            raise InsufficientInstanceCapacity(str(kwargs.get("instance_type")), zone)
        return _run_from_template(backend, *args, **kwargs)

    patch(Instance, prep_nics=prepare_interfaces, terminate=_begin_to_terminate, stop=_begin_to_stop)
    patch(InstanceBackend, run_instances=run_instances, _get_template_from_args=_template_that_exists)
    patch(General, get_console_output=get_console_output)
    patch(TagBackend, create_tags=_create_tags_of_resources)


def _create_tags_of_resources(backend: Any, resource_ids: list[str | None], tags: dict[str, str]) -> Any:
    """Tags only what has an id: with a tag kept under None moto can list no tags from then on."""
    return _create_tags(backend, [resource_id for resource_id in resource_ids if resource_id], tags)


class InsufficientInstanceCapacity(EC2ClientError):
    """A zone is lost, or has no machine."""

    def __init__(self, instance_type: str, zone: str) -> None:
        super().__init__(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you"
            f" requested ({zone}). Our system will be working on provisioning additional capacity.",
        )


def _check_quota(backend: Any, count: int) -> None:
    running = [
        instance
        for reservation in list(backend.reservations.values())
        for instance in reservation.instances
        if instance.state in ("pending", "running")
    ]
    if len(running) + int(count) > QUOTA:
        raise EC2ClientError(
            "InstanceLimitExceeded",
            f"Your quota allows for {QUOTA - len(running)} more running instance(s). You requested at least"
            f" {count}.",
        )


def _template_that_exists(backend: Any, argument: dict[str, Any]) -> Any:
    try:
        return _find_template(backend, argument)
    except IndexError:
        if "LaunchTemplateId" in argument:
            raise InvalidLaunchTemplateIdNotFound(argument["LaunchTemplateId"]) from None
        raise InvalidLaunchTemplateNameNotFoundWithNameError(argument["LaunchTemplateName"]) from None


def _zone_of(backend: Any, request: dict[str, Any]) -> str:
    subnet = request.get("subnet_id") or next(
        (interface.get("SubnetId") for interface in request.get("nics") or []), None
    )
    return str(backend.get_subnet(subnet).availability_zone if subnet else request.get("placement"))


def finish_termination(instance: Any, reason: StateReason | None = None) -> None:
    """Its processes have ended: let moto release what belongs to the instance."""
    reason = reason or instance.state_reason
    _terminate(instance)
    instance.state_reason = reason


def finish_stop(instance: Any) -> None:
    """Its processes have ended; it can be started again."""
    _stop(instance)


def _begin_to_terminate(instance: Any) -> InstanceState:
    return _begin(instance, InstanceState("shutting-down", 32), unless=("shutting-down", "terminated"))


def _begin_to_stop(instance: Any) -> InstanceState:
    return _begin(instance, InstanceState("stopping", 64), unless=("stopping", "stopped"))


def _begin(instance: Any, state: InstanceState, *, unless: tuple[str, ...]) -> InstanceState:
    before: InstanceState = copy.copy(instance.instance_state)
    if before.name not in unless:
        instance._state = state
        code = "Client.UserInitiatedShutdown"
        instance.state_reason = StateReason(f"{code}: User initiated shutdown", code)
    return before


def _run_from_template(
    backend: Any,
    image_id: str,
    count: int,
    user_data: Any,
    security_group_names: list[str],
    **kwargs: Any,
) -> Any:
    """RunInstances with all that the launch template says and the request does not."""
    _check_quota(backend, count)
    template = (
        backend._get_template_from_args(kwargs["launch_template"]).data
        if kwargs.get("launch_template")
        else {}
    )
    if "block_device_mappings" not in kwargs and template.get("BlockDeviceMappings"):
        kwargs["block_device_mappings"] = _volumes(template["BlockDeviceMappings"])
    if not kwargs.get("metadata_options"):
        kwargs["metadata_options"] = template.get("MetadataOptions", {})
    if template.get("Monitoring", {}).get("Enabled"):
        kwargs["monitoring_state"] = "enabled"
    kwargs["ebs_optimized"] = kwargs.get("ebs_optimized") or template.get("EbsOptimized", False)
    reservation = _run_instances(backend, image_id, count, user_data, security_group_names, **kwargs)
    if profile := template.get("IamInstanceProfile"):
        for instance in reservation.instances:
            backend.associate_iam_instance_profile(
                instance.id,
                iam_instance_profile_name=profile.get("Name"),
                iam_instance_profile_arn=profile.get("Arn"),
            )
    return reservation


def _volumes(mappings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of EBS: a device that a mapping leaves out, or that is the instance's own, is no volume."""
    volumes = [copy.deepcopy(mapping) for mapping in mappings if "Ebs" in mapping]
    for mapping in volumes:
        disk = mapping["Ebs"]
        disk["VolumeSize"] = int(disk.get("VolumeSize") or _DEFAULT_VOLUME_GIB)
        for flag, default in (("Encrypted", False), ("DeleteOnTermination", True)):
            disk[flag] = str(disk.get(flag, default)).lower() == "true"
    return volumes
