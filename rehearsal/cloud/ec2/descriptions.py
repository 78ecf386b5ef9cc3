"""What moto's EC2 describes otherwise than it was put."""

from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.security_groups import SecurityGroupRule

from rehearsal.cloud.moto_patch import patch

_create_template = LaunchTemplateBackend.create_launch_template
_make_nat_gateway = NatGateway.__init__


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    patch(SecurityGroupRule, description=property(_description))
    patch(NatGateway, __init__=_make_in_its_subnet)
    patch(LaunchTemplateBackend, create_launch_template=_create_with_its_own_tags)


def _description(rule: Any) -> str | None:
    """Also of a rule that names a group."""
    description: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
    return description


def _make_in_its_subnet(gateway: Any, *args: Any, **kwargs: Any) -> None:
    _make_nat_gateway(gateway, *args, **kwargs)
    subnet, interface = gateway.ec2_backend.get_subnet(gateway.subnet_id), gateway._eni
    gateway.private_ip = interface.private_ip_address = subnet.get_available_subnet_ip(interface)


def _create_with_its_own_tags(
    backend: Any, name: str, description: str, template_data: dict[str, Any], tag_spec: dict[str, Any]
) -> Any:
    """The tags of the template itself are no tags of what is launched from it."""
    own = [
        specification
        for specification in template_data.get("TagSpecifications", [])
        if specification["ResourceType"] != "launch-template"
    ]
    data = {key: value for key, value in template_data.items() if key != "TagSpecifications"}
    return _create_template(
        backend, name, description, {**data, **({"TagSpecifications": own} if own else {})}, tag_spec
    )
