"""The servers: what each is, and how they are replaced."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

from components.app import AppSettings
from components.app_secrets import AppSecrets, SecretVariable
from components.app_servers import AppServers, AppServersArgs, deleted_within
from components.backends import Backends
from components.scaling import Scaling, ScalingArgs
from components.server_role import JobRecords
from components.server_template import ReleaseLocation, ServerTemplate, ServerTemplateArgs
from rehearsal.cloud.ec2.cloud_init import unpack
from stacks.sections import Settings
from testkit.registered import Registered, register
from tests.unit.components.rolled import COMMON, INSTANCES, SERVERS, replacement, smoke

GROUP = "aws:autoscaling/group:Group"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TIMES = Settings().timeline
SECRETS = AppSecrets(
    variables=[
        SecretVariable(name="SESSION_SECRET", arn="arn:secret:session", version="s1"),
        SecretVariable(name="JWT_SECRET", arn="arn:secret:own", version="o1", json_key="JWT_SECRET"),
        SecretVariable(name="API_KEY", arn="arn:secret:own", version="o1", json_key="API_KEY"),
        SecretVariable(name="SHARED", arn="arn:secret:shared", version="x1", kms_key_arn="arn:other-key"),
    ],
    pinned="arn:secret:own",
)


@cache
def template(*, has_spot: bool = False, has_jobs: bool = False) -> Registered:
    args = ServerTemplateArgs(
        settings=AppSettings(),
        servers=replace(SERVERS, on_demand_percentage=50 if has_spot else 100),
        auto_scaling_group="kit",
        security_group_id="sg",
        image_id="ami-1",
        release=ReleaseLocation(
            bucket="releases",
            key="releases/abc.tar.gz",
            sha256="abc",
            arn="arn:releases/*",
            ecosystem="ecosystem.config.js",
            pm2="node_modules/.bin",
        ),
        backends=Backends(
            database_secret_arn="arn:secret:database",
            redis_secret_arn="arn:secret:redis",
            cache_redis_secret_arn="arn:secret:cache",
            database_endpoint="db:5433/app",
            redis_endpoint="redis:6379",
            cache_redis_endpoint="cache:6379",
            ca_bundle_url="https://ca.example/bundle.pem",
        ),
        environment={"LEVEL": "info"},
        records=JobRecords(arn="arn:records/*", kms_key_arn="arn:key") if has_jobs else None,
        permissions=(),
        secrets=SECRETS,
        timeline=TIMES,
        open_files=65_536,
        common=COMMON,
    )
    return register(lambda: ServerTemplate("kit", args))


@cache
def servers(*, on_demand_percentage: int = 100, warm_pool_size: int = 0) -> Registered:
    settings = replace(SERVERS, on_demand_percentage=on_demand_percentage, warm_pool_size=warm_pool_size)
    args = AppServersArgs(
        settings=settings,
        auto_scaling_group="kit",
        subnet_ids=["app-a", "app-b", "app-c"],
        target_group_arn="arn:target-group",
        replacement=replacement(replace(INSTANCES, settings=settings)),
        smoke=smoke(),
        timeline=TIMES,
        gates=[],
    )
    return register(lambda: AppServers("kit", args))


def test_a_template_is_made_of_exactly_this() -> None:
    """A log group, a role with its policies, the template."""
    assert template().types == {
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:iam/instanceProfile:InstanceProfile": 1,
        TEMPLATE: 1,
    }


def test_a_server_is_hardened() -> None:
    """EC2.170 with one hop, EC2.181; nobody's key."""
    inputs = template()[TEMPLATE, "kit"]
    assert inputs["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    (disk,) = inputs["blockDeviceMappings"]
    assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeType"]) == ("true", "gp3")
    assert "keyName" not in inputs


def test_a_server_may_do_what_its_boot_needs_and_no_more() -> None:
    """Each statement names its resources; none is a wildcard (IAM.1, IAM.21)."""
    made = template()
    policy = json.loads(made["aws:iam/rolePolicy:RolePolicy", "kit-role-policy"]["policy"])
    assert {one["Sid"]: (one["Action"], one["Resource"]) for one in policy["Statement"]} == {
        "FetchRelease": (["s3:GetObject"], "arn:releases/*"),
        "ReadSecrets": (
            ["secretsmanager:GetSecretValue"],
            [f"arn:secret:{name}" for name in ("database", "redis", "cache", "session", "own", "shared")],
        ),
        "ReadSecretsAtOnce": (["secretsmanager:BatchGetSecretValue"], "*"),
        "Decrypt": (["kms:Decrypt"], ["arn:key", "arn:other-key"]),
        "Log": (["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], "arn:kit:*"),
        "TellGroup": (
            ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
            "arn:aws:autoscaling:xx-1:123456789012:autoScalingGroup:*:autoScalingGroupName/kit",
        ),
    }
    managed = made["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "kit-role-ssm"]
    assert managed["policyArn"] == "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


def test_only_where_a_server_may_be_spot_may_it_terminate_servers_of_its_group() -> None:
    """Its own, which EC2 takes back; but the permission names the group, so that others go without."""
    policy = json.loads(template(has_spot=True)["aws:iam/rolePolicy:RolePolicy", "kit-role-policy"]["policy"])
    (actions,) = [one["Action"] for one in policy["Statement"] if one["Sid"] == "TellGroup"]
    assert actions == [
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    ]


def test_only_a_server_with_jobs_may_read_and_write_their_records() -> None:
    """No other object, and it lists none."""
    policy = json.loads(template(has_jobs=True)["aws:iam/rolePolicy:RolePolicy", "kit-role-policy"]["policy"])
    added = {one["Sid"]: (one["Action"], one["Resource"]) for one in policy["Statement"]}
    without = json.loads(template()["aws:iam/rolePolicy:RolePolicy", "kit-role-policy"]["policy"])
    for one in without["Statement"]:
        del added[one["Sid"]]
    assert added == {
        "TakeRuns": (["s3:GetObject", "s3:PutObject"], "arn:records/*"),
        "EncryptRecords": (["kms:GenerateDataKey"], "arn:key"),
    }


def test_user_data_tells_where_everything_is() -> None:
    """By name; what is secret stays in Secrets Manager."""
    text = unpack(template()[TEMPLATE, "kit"]["userData"])
    assert text.startswith("#cloud-config\n")
    for line in (
        "AUTO_SCALING_GROUP=kit",
        "LOG_GROUP=kit-0123456",
        "RELEASE_BUCKET=releases",
        "DATABASE_SECRET_ARN=arn:secret:database",
        "REDIS_ENDPOINT=redis:6379",
        "CACHE_REDIS_ENDPOINT=cache:6379",
        "READY_TIMEOUT=300",
        "TimeoutStopSec=15",
        "LimitNOFILE=65536",
        "LEVEL=info",
        "PINNED_SECRET_ARN=arn:secret:own",
        "SESSION_SECRET arn:secret:session s1",
        "JWT_SECRET arn:secret:own o1 JWT_SECRET",
        "SHARED arn:secret:shared x1",
    ):
        assert line in text


def test_servers_are_launched_before_others_are_terminated() -> None:
    """Never fewer healthy ones than wanted, whatever the reason."""
    inputs = servers()[GROUP, "kit"]
    assert inputs["instanceMaintenancePolicy"] == {"minHealthyPercentage": 100, "maxHealthyPercentage": 150}


def test_the_group_leaves_the_rollout_to_its_hooks() -> None:
    """The provider would change the group's configuration first: a rollback had nowhere to go."""
    made = servers()
    inputs = made[GROUP, "kit"]
    assert "instanceRefresh" not in inputs
    assert inputs["waitForCapacityTimeout"] == "0"
    assert list(made.hooks) == ["kit-replace", "kit-visit"]


def test_the_group_pins_its_template() -> None:
    """Never `$Latest`, which a rollback refuses; several types (AutoScaling.6), dearest wish first."""
    policy = servers()[GROUP, "kit"]["mixedInstancesPolicy"]
    assert policy["launchTemplate"] == {
        "launchTemplateSpecification": {"launchTemplateId": "lt-1", "version": "7"},
        "overrides": [{"instanceType": "m7i.large"}, {"instanceType": "m6i.large"}],
    }


def test_servers_are_on_demand_unless_a_part_may_be_spot() -> None:
    """What AWS says it will take back is replaced beforehand."""
    inputs = servers(on_demand_percentage=40)[GROUP, "kit"]
    assert inputs["mixedInstancesPolicy"]["instancesDistribution"] == {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandBaseCapacity": 1,
        "onDemandPercentageAboveBaseCapacity": 40,
        "spotAllocationStrategy": "price-capacity-optimized",
    }
    assert (inputs["capacityRebalance"], servers()[GROUP, "kit"]["capacityRebalance"]) == (True, False)


def test_a_warm_pool_holds_stopped_servers() -> None:
    """Only where one is wanted."""
    assert servers(warm_pool_size=2)[GROUP, "kit"]["warmPool"] == {
        "poolState": "Stopped",
        "minSize": 2,
        "maxGroupPreparedCapacity": 2,
    }
    assert "warmPool" not in servers()[GROUP, "kit"]


def test_the_balancer_says_which_server_is_healthy() -> None:
    """AutoScaling.1; how many there are is scaling's to say."""
    inputs = servers()[GROUP, "kit"]
    assert (inputs["healthCheckType"], inputs["targetGroupArns"]) == ("ELB", ["arn:target-group"])
    assert "desiredCapacity" not in inputs


def test_the_first_servers_have_the_same_hooks_as_later_ones() -> None:
    """Made with the group, and beside it so that they can be changed."""
    made = servers()
    launching, terminating = made[GROUP, "kit"]["initialLifecycleHooks"]
    beside = made.all(HOOK)
    assert beside["kit-launching"] == {**launching, "autoscalingGroupName": "kit"}
    assert beside["kit-terminating"] == {**terminating, "autoscalingGroupName": "kit"}
    assert (launching["heartbeatTimeout"], launching["defaultResult"]) == (360, "ABANDON")
    assert (terminating["heartbeatTimeout"], terminating["defaultResult"]) == (120, "CONTINUE")


def test_the_group_follows_requests_and_cpu() -> None:
    """Requests/s become the minute's count that the metric is."""
    made = register(
        lambda: Scaling(
            "kit",
            ScalingArgs(
                settings=SERVERS,
                auto_scaling_group="kit",
                balancer_arn_suffix="app/kit/1",
                target_group_arn_suffix="targetgroup/kit/2",
            ),
        )
    )
    assert made.types == {"aws:autoscaling/policy:Policy": 2}
    policies: dict[str, Any] = {
        name: one["targetTrackingConfiguration"]
        for name, one in made.all("aws:autoscaling/policy:Policy").items()
    }
    assert policies["kit-cpu"]["targetValue"] == 70
    assert policies["kit-requests"] == {
        "predefinedMetricSpecification": {
            "predefinedMetricType": "ALBRequestCountPerTarget",
            "resourceLabel": "app/kit/1/targetgroup/kit/2",
        },
        "targetValue": 12000,
    }


def test_the_last_servers_may_answer_what_they_have() -> None:
    """When the group is deleted too; the provider would give up after ten minutes."""
    patient = replace(TIMES, deregistration_delay=1805, terminating_heartbeat=3700)
    assert deleted_within(patient) == 1805 + 3700 + 300
    assert deleted_within(TIMES) == 600
