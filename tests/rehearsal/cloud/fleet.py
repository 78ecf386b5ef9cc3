"""A network, a load balancer and launch templates in a rehearsal cloud, through boto3 alone."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.cloud.elbv2.targets import UNAWARE
from testkit.waiting import eventually
from testkit.watch import Lookout
from tests.rehearsal.cloud.running import RunningCloud

PORT = 3000
GRACE = 120
"""Seconds, by the cloud's clock, until a group replaces a new server that the balancer finds unhealthy."""
SERVER = """#!/bin/bash
imds() {
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token)
  curl -sf -H "X-aws-ec2-metadata-token: $token" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/meta-data/$1
}
export HOST=$(imds local-ipv4) ID=$(imds instance-id) MARK=%(mark)s
echo "$ID boots at $HOST"
exec node -e '
  const { HOST, ID, MARK } = process.env;
  const answer = (request, response) => {
    if (request.url === "/readyz" && require("fs").existsSync("/tmp/broken")) response.statusCode = 503;
    const end = () => response.end(JSON.stringify({ id: ID, mark: MARK, headers: request.headers }));
    const held = () => (require("fs").existsSync("/tmp/let-go") ? end() : setTimeout(held, 100));
    if (request.url === "/held") {
      require("fs").appendFileSync("/tmp/held", "one ");
      held();
    } else end();
  };
  const server = require("http").createServer(answer);
  server.keepAliveTimeout = 75000;
  server.listen(3000, HOST);
'
"""


class Fleet:
    """What a group of servers needs around it; the balancer answers at `url`."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.ec2, self.elb = cloud.client("ec2"), cloud.client("elbv2")
        self.autoscaling, self.ssm = cloud.client("autoscaling"), cloud.client("ssm")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("abc")
        ]
        self.target_group = self.elb.create_target_group(
            Name="app",
            Protocol="HTTP",
            Port=PORT,
            VpcId=self.vpc,
            HealthCheckPath="/readyz",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=4,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        balancer = self.elb.create_load_balancer(Name="front", Subnets=self.subnets)["LoadBalancers"][0]
        self.balancer, self.address = balancer["LoadBalancerArn"], balancer["DNSName"]
        forward = {"Type": "forward", "TargetGroupArn": self.target_group}
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=8080, DefaultActions=[forward]
        )["Listeners"][0]["ListenerArn"]
        self.url = f"http://{self.address}:8080"
        self.template = self.ec2.create_launch_template(
            LaunchTemplateName="app", LaunchTemplateData=self.template_data(SERVER % {"mark": "1"})
        )["LaunchTemplate"]["LaunchTemplateId"]

    def template_data(self, user_data: str) -> dict[str, Any]:
        """A launch template as the kit's program makes them."""
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        disk = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": 20, "DeleteOnTermination": True}
        return {
            "ImageId": image,
            "InstanceType": "t3.small",
            "UserData": base64.b64encode(user_data.encode()).decode(),
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}],
        }

    def new_version(self, user_data: str) -> str:
        """Another version of the launch template."""
        version = self.ec2.create_launch_template_version(
            LaunchTemplateId=self.template, LaunchTemplateData=self.template_data(user_data)
        )["LaunchTemplateVersion"]
        return str(version["VersionNumber"])

    def create_group(self, name: str, *, size: int, mixed: bool = False, **more: Any) -> None:
        """A group behind the balancer whose servers are warm when healthy; `mixed`: spot above one."""
        version = {"LaunchTemplateId": self.template, "Version": "1"}
        launched = (
            {
                "MixedInstancesPolicy": {
                    "LaunchTemplate": {
                        "LaunchTemplateSpecification": version,
                        "Overrides": [{"InstanceType": "t3.small"}],
                    },
                    "InstancesDistribution": {
                        "OnDemandBaseCapacity": 1,
                        "OnDemandPercentageAboveBaseCapacity": 0,
                    },
                }
            }
            if mixed
            else {"LaunchTemplate": version}
        )
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=size,
            MaxSize=size + 2,
            **launched,
            VPCZoneIdentifier=",".join(self.subnets),
            TargetGroupARNs=[self.target_group],
            HealthCheckType="ELB",
            HealthCheckGracePeriod=GRACE,
            DefaultInstanceWarmup=0,
            **more,
        )

    def delete_group(self, name: str) -> None:
        """With everything in it, and its servers out of the balancer."""
        self.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        eventually(lambda: not self.groups() and not self.registered(), within=30)

    def groups(self) -> list[dict[str, Any]]:
        """Every group, as described."""
        described: list[dict[str, Any]] = self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return described

    @contextmanager
    def serving_on(self) -> Iterator[None]:
        """For the block, what leaves the group `app` serves on until each node of the balancer knows.

        A server that only waits for its drain fails the requests that some nodes still send.
        """
        hook = {"AutoScalingGroupName": "app", "LifecycleHookName": "serving-on"}
        self.autoscaling.put_lifecycle_hook(
            **hook, LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING", HeartbeatTimeout=3600
        )
        unneeded: set[str] = set()

        def release() -> None:
            """Those of the look before: what they were sent until each node knew, they have answered."""
            waiting = set(self.members("Terminating:Wait"))
            for server in waiting & unneeded:
                try:
                    self.autoscaling.complete_lifecycle_action(
                        **hook, InstanceId=server, LifecycleActionResult="CONTINUE"
                    )
                except ClientError as error:  # it may have gone on since it was listed
                    if "No active Lifecycle Action" not in str(error):
                        raise
            if waiting - unneeded:
                self.cloud.advance(UNAWARE[1])
                unneeded.update(waiting)

        watch = Lookout(release)
        try:
            yield
            eventually(lambda: not self.members("Terminating") + self.members("Terminating:Wait"), within=60)
        finally:
            watch.stop()
            self.autoscaling.delete_lifecycle_hook(**hook)

    def members(self, state: str = "InService") -> list[str]:
        """Ids of the only group's instances in that state."""
        return [one["InstanceId"] for one in self.groups()[0]["Instances"] if one["LifecycleState"] == state]

    def activities(self) -> list[dict[str, Any]]:
        """The only group's, the latest first."""
        described: list[dict[str, Any]] = self.autoscaling.describe_scaling_activities(
            AutoScalingGroupName=self.groups()[0]["AutoScalingGroupName"]
        )["Activities"]
        return described

    def wait_for_failed_launches(
        self, count: int, *, besides: Container[str] = frozenset()
    ) -> list[dict[str, Any]]:
        """So many activities that failed, the latest first, other than those with the ids given."""

        def failed() -> list[dict[str, Any]] | None:
            new = [one for one in self.activities() if one["ActivityId"] not in besides]
            found = [one for one in new if one["StatusCode"] == "Failed"]
            return found if len(found) >= count else None

        result: list[dict[str, Any]] = eventually(failed, within=40)
        return result

    def health(self) -> dict[str, str]:
        """State by target."""
        described = self.elb.describe_target_health(TargetGroupArn=self.target_group)
        return {
            one["Target"]["Id"]: one["TargetHealth"]["State"] for one in described["TargetHealthDescriptions"]
        }

    def registered(self) -> list[str]:
        """The targets, in order; one that has left is described until its deregistration delay is over."""
        return sorted(target for target, state in self.health().items() if state != "draining")

    def healthy(self) -> list[str]:
        """The targets that get requests."""
        return [target for target, state in self.health().items() if state == "healthy"]

    def wait_for_healthy(self, count: int) -> list[str]:
        """So many members of the group, and no other target."""

        def settled() -> bool:
            members = sorted(self.members())
            return len(members) == count and sorted(self.healthy()) == members == self.registered()

        eventually(settled, within=60)
        return self.members()

    def wait_for_answers_of(self, count: int) -> list[str]:
        """So many healthy members, and no request goes to one that has left the group any more."""
        members = self.wait_for_healthy(count)

        def only_members_answer() -> bool:
            if self.answering() == set(members):
                return True
            # The nodes of the balancer learn only in time of what left.
            self.cloud.advance(UNAWARE[1])
            return False

        eventually(only_members_answer)
        return members

    def answering(self, what: str = "id") -> set[str]:
        """Who answers some requests in a row, by id or `mark`; nobody where one fails."""
        try:
            return {self.ask()[what] for _ in range(8)}
        except urllib.error.HTTPError:
            return set()

    def ask(self, path: str = "/") -> dict[str, Any]:
        """A request through the balancer."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def run(self, instance: str, command: str) -> dict[str, Any]:
        """A command on the server; its invocation once it has ended."""
        sent = self.ssm.send_command(
            InstanceIds=[instance],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [command], "executionTimeout": ["20"]},
        )["Command"]["CommandId"]

        def ended() -> dict[str, Any] | None:
            invocation: dict[str, Any] = self.ssm.get_command_invocation(CommandId=sent, InstanceId=instance)
            return None if invocation["Status"] in ("Pending", "InProgress") else invocation

        result: dict[str, Any] = eventually(ended, within=30)
        return result
