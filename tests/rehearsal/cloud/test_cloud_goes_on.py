"""Whatever becomes of one resource, the cloud goes on, and so do the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testkit.waiting import eventually
from tests.rehearsal.cloud.described.network import subnet_ids
from tests.rehearsal.cloud.described.put import PuttingClient
from tests.rehearsal.cloud.described.servers import image_id
from tests.rehearsal.cloud.described.storage import bucket_name
from tests.rehearsal.cloud.running import RunningCloud


@pytest.fixture(scope="module")
def aws(cloud: RunningCloud) -> PuttingClient:
    return PuttingClient(cloud)


def group_of_one(aws: PuttingClient, name: str) -> str:
    """A group with a launch template of its own, and one server in service; the template's id."""
    template = aws.client("ec2").create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"ImageId": aws.once(image_id), "InstanceType": "t3.micro"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    aws.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        VPCZoneIdentifier=aws.once(subnet_ids)[0],
    )
    eventually(lambda: in_service(aws, name), within=20)
    return str(template)


def group(aws: PuttingClient, name: str) -> dict[str, Any]:
    (found,) = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    return dict(found)


def in_service(aws: PuttingClient, name: str) -> list[str]:
    members = group(aws, name)["Instances"]
    return [each["InstanceId"] for each in members if each["LifecycleState"] == "InService"]


def failed_launch(aws: PuttingClient, name: str) -> str | None:
    """What the last activity of a group says, if it failed."""
    activities = aws.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=name)
    last = activities["Activities"][0]
    return str(last["StatusMessage"]) if last["StatusCode"] == "Failed" else None


def test_a_group_whose_template_is_gone_says_so_and_others_go_on(aws: PuttingClient) -> None:
    """The template is deleted, then a server is lost. AWS: a failed activity for each try."""
    template = group_of_one(aws, "orphan")
    aws.client("ec2").delete_launch_template(LaunchTemplateId=template)
    aws.client("ec2").terminate_instances(InstanceIds=in_service(aws, "orphan"))
    message = eventually(lambda: failed_launch(aws, "orphan"), within=30)
    assert template in message
    group_of_one(aws, "other")
    aws.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="orphan", ForceDelete=True)


def test_a_listener_of_https_needs_a_certificate(aws: PuttingClient) -> None:
    elbv2 = aws.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="bare", Subnets=aws.once(subnet_ids))["LoadBalancers"][0]
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    with pytest.raises(ClientError) as refused:
        elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTPS", Port=443, DefaultActions=[fixed]
        )
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert aws.once(bucket_name)


def test_a_value_may_have_been_seen_any_number_of_times(cloud: RunningCloud) -> None:
    """A count is a number, not a list as long: a client sums up what it saw in a minute."""
    cloudwatch, now = cloud.client("cloudwatch"), datetime.now(UTC)
    datum = {"MetricName": "Often", "Timestamp": now, "Values": [2.0, 4.0], "Counts": [3e12, 1e12]}
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[datum])
    (seen,) = cloudwatch.get_metric_statistics(
        Namespace="Test",
        MetricName="Often",
        StartTime=now - timedelta(minutes=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["SampleCount", "Average", "Maximum"],
    )["Datapoints"]
    assert (seen["SampleCount"], seen["Average"], seen["Maximum"]) == (4e12, 2.5, 4.0)


def test_a_template_may_leave_out_a_device(aws: PuttingClient) -> None:
    """A mapping need not be of a volume of EBS: one can take a device of the image away."""
    ec2 = aws.client("ec2")
    data = {"ImageId": aws.once(image_id), "InstanceType": "t3.small"}
    mappings = [{"DeviceName": "/dev/sdb", "NoDevice": ""}]
    ec2.create_launch_template(
        LaunchTemplateName="without", LaunchTemplateData={**data, "BlockDeviceMappings": mappings}
    )
    template = {"LaunchTemplateName": "without", "Version": "$Latest"}
    launched = ec2.run_instances(
        MinCount=1, MaxCount=1, LaunchTemplate=template, SubnetId=aws.once(subnet_ids)[0]
    )
    (instance,) = launched["Instances"]
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
