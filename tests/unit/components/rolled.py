"""A rollout of version 7, as components take it."""

from components.gates.aws_api import AwsApi
from components.mixed_instances import MixedInstances
from components.rollout.drive import Replacement
from components.rollout.session import CheckSession
from components.rollout.smoke import Smoke

API = AwsApi(region="xx-1", endpoint=None)
INSTANCES = MixedInstances(
    launch_template_id="lt-1",
    launch_template_version="7",
    instance_types=["m7i.large", "m6i.large"],
    on_demand_base=1,
    on_demand_percentage=100,
)


def replacement(instances: MixedInstances = INSTANCES) -> Replacement:
    return Replacement(
        auto_scaling_group="kit",
        instances=instances,
        target_group_arn="arn:target-group",
        log_group="logs",
        max_healthy_percentage=150,
        instance_warmup=60,
        bake_time=300,
        rollback_alarms=["errors"],
        timeout=600,
        api=API,
    )


def smoke(url: str = "http://balancer.example", session: CheckSession | None = None) -> Smoke:
    return Smoke(
        url=url,
        through=None,
        release="abc",
        paths=["/readyz"],
        answers=2,
        session=session,
        password_secret_arn=None,
        token_secret_arn=None,
        api=API,
    )
