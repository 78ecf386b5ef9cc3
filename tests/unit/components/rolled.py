"""What components of one stack have in common, and a rollout of version 7, as components take them."""

from components.common import Common
from components.gates.aws_api import AwsApi
from components.mixed_instances import MixedInstances
from components.rollout.drive import Replacement
from components.rollout.session import CheckSession
from components.rollout.smoke import Smoke
from components.server_settings import AppServersSettings

API = AwsApi(region="xx-1", endpoint=None)
COMMON = Common(
    api=API,
    account_id="123456789012",
    kms_key_arn="arn:key",
    log_retention_days=365,
    secret_recovery_days=30,
    tags={"Stack": "test"},
)
SERVERS = AppServersSettings(instance_types=["m7i.large", "m6i.large"], on_demand_base=1, bake_time=300)
INSTANCES = MixedInstances(
    launch_template_id="lt-1",
    launch_template_version="7",
    settings=SERVERS,
)


def replacement(instances: MixedInstances = INSTANCES) -> Replacement:
    return Replacement(
        auto_scaling_group="kit",
        instances=instances,
        target_group_arn="arn:target-group",
        log_group="logs",
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
