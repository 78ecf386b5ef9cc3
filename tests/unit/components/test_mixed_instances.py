"""Which instances a group launches."""

from tests.unit.components.rolled import INSTANCES


def test_the_api_gets_what_the_provider_gets() -> None:
    """In its own spelling: after the refresh the group's update finds nothing to change."""
    assert INSTANCES.api_form == {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "7"},
            "Overrides": [{"InstanceType": "m7i.large"}, {"InstanceType": "m6i.large"}],
        },
        "InstancesDistribution": {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 1,
            "OnDemandPercentageAboveBaseCapacity": 100,
            "SpotAllocationStrategy": "price-capacity-optimized",
        },
    }
