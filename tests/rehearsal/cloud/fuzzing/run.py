"""Calls sent to a cloud, and what was wrong with its answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from testkit import cloud_log
from testkit.waiting import eventually
from tests.rehearsal.cloud.described import PUTS
from tests.rehearsal.cloud.described.put import PuttingClient
from tests.rehearsal.cloud.fuzzing.corpus import Corpus, FuzzedCall
from tests.rehearsal.cloud.fuzzing.fuzzer import SERVICES, Fuzzer
from tests.rehearsal.cloud.running import RunningCloud

UNCHECKED = Config(
    parameter_validation=False,
    inject_host_prefix=False,  # no name below the endpoint's resolves
    retries={"total_max_attempts": 1},
    read_timeout=60,
)


@dataclass(kw_only=True, slots=True)
class FuzzOutcome:
    """What came of the calls to one cloud."""

    seed: int
    calls: int = 0
    accepted: int = 0
    stumbles: int = 0
    """Calls that the judge let through and moto failed at."""
    problems: dict[str, str] = field(default_factory=dict)
    """What was wrong, and the first call at which it was."""

    def __str__(self) -> str:
        summary = (
            f"FUZZ_SEED={self.seed}: {self.calls} calls, {self.accepted} accepted, moto stumbled over"
            f" {self.stumbles}, {len(self.problems)} problems"
        )
        return "\n  ".join([summary, *(f"{what}\n    {call}" for what, call in self.problems.items())])


class FuzzRun:
    """One cloud, one seed: the cloud lives until `end`."""

    def __init__(self, folder: Path, seed: int, module: str = "rehearsal.cloud") -> None:
        self._cloud = RunningCloud(folder, module=module)
        self._outcome = FuzzOutcome(seed=seed)
        self._sent = False

    def of(self, calls: int) -> FuzzOutcome:
        """Puts one resource of each type, makes the calls, and sees whether the cloud still works."""
        aws, corpus = PuttingClient(self._cloud, UNCHECKED), Corpus()
        with corpus.watching(aws, SERVICES):
            for put in PUTS.values():
                put(aws)
        for service in SERVICES:
            aws.client(service).meta.events.register("before-send", self._note_sent)
        fuzzer = Fuzzer(corpus, self._outcome.seed)
        for number in range(calls):
            if not self._make(aws, corpus, number, fuzzer.call(number)):
                break
        self._look_at_the_cloud()
        return self._outcome

    def end(self) -> None:
        """Ends the cloud, which must not take long over it."""
        self._cloud.end()

    def _make(self, aws: PuttingClient, corpus: Corpus, number: int, call: FuzzedCall) -> bool:
        """Whether there is a cloud to go on with."""
        self._outcome.calls += 1
        self._sent = False
        try:
            answer = aws.client(call.service)._make_api_call(call.operation, call.parameters)
        except ClientError as error:
            said = error.response
            status, code = said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Code"]
            # An error without a code is a page that botocore made the best of.
            nameless = code.isdecimal() and not call.operation.startswith("Head")  # has no body
            if (status >= 500 and code != "NotImplemented") or nameless:
                self._note(number, call, f"{status} {code}: {said['Error'].get('Message')}")
        except HTTPClientError as error:
            if "Invalid header" in str(error):  # no client can send it
                return True
            self._note(number, call, f"{type(error).__name__}: {error}")
            return False
        except Exception as error:
            if self._sent:  # else botocore itself can't send it
                self._note(number, call, f"cannot be read: {type(error).__name__}: {error}")
        else:
            self._outcome.accepted += 1
            corpus.learn({name: value for name, value in answer.items() if name != "ResponseMetadata"})
        return True

    def _note(self, number: int, call: FuzzedCall, problem: str) -> None:
        what = f"{call.service} {call.operation}: {problem[:300]}"
        self._outcome.problems.setdefault(what, f"call {number}: {call.parameters}")

    def _note_sent(self, **_: Any) -> None:
        self._sent = True

    def _look_at_the_cloud(self) -> None:
        if (status := self._cloud.process.poll()) is not None:
            self._outcome.problems[f"the cloud ended with {status}"] = str(self._cloud.log)
            return
        for line in self._cloud.own_failures():
            if cloud_log.MOTO in line:
                self._outcome.stumbles += 1
            else:
                self._outcome.problems.setdefault(line.partition(" ERROR ")[2], line)
        try:
            serve(self._cloud)
        except (AssertionError, ClientError) as error:
            self._outcome.problems["the cloud no longer works"] = str(error)


def serve(cloud: RunningCloud) -> None:
    """A new group's server comes into service in a network of its own."""
    ec2, autoscaling = cloud.client("ec2"), cloud.client("autoscaling")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    image = cloud.client("ssm").get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    )["Parameter"]["Value"]
    ec2.create_launch_template(
        LaunchTemplateName="afterwards",
        LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"},
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="afterwards",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "afterwards", "Version": "$Latest"},
        VPCZoneIdentifier=subnet,
    )

    def in_service() -> bool:
        (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["afterwards"])[
            "AutoScalingGroups"
        ]
        return any(member["LifecycleState"] == "InService" for member in group["Instances"])

    eventually(in_service, within=30)
