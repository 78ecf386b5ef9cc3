"""Which instances a group launches: one text for the group and for the refresh that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.server_settings import AppServersSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class MixedInstances:
    """A launch template's version on several types, on demand or as spot."""

    launch_template_id: pulumi.Input[str]
    launch_template_version: pulumi.Input[str]
    """A number: a rollback must know where to go."""
    settings: AppServersSettings

    @property
    def policy(self) -> aws.autoscaling.GroupMixedInstancesPolicyArgsDict:
        """In the provider's form."""
        return {
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": self.launch_template_id,
                    "version": self.launch_template_version,
                },
                "overrides": [{"instance_type": name} for name in self.settings.instance_types],
            },
            "instances_distribution": {
                "on_demand_allocation_strategy": "prioritized",
                "on_demand_base_capacity": self.settings.on_demand_base,
                "on_demand_percentage_above_base_capacity": self.settings.on_demand_percentage,
                "spot_allocation_strategy": "price-capacity-optimized",
            },
        }

    @property
    def api_form(self) -> Mapping[str, Any]:
        """In the API's form, whose names are the provider's in another spelling."""
        form: Mapping[str, Any] = api_form(self.policy)
        return form


def api_form(value: Any) -> Any:
    """`{"launch_template": …}` as `{"LaunchTemplate": …}`."""
    if isinstance(value, Mapping):
        return {name.title().replace("_", ""): api_form(member) for name, member in value.items()}
    return [api_form(member) for member in value] if isinstance(value, list) else value
