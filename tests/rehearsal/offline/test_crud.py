"""Resources are made, changed, found changed and deleted, against moto."""

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pulumi.runtime.proto import provider_pb2

from rehearsal.offline.provider.aws import Aws
from rehearsal.offline.provider.server import Failures, Operation
from rehearsal.offline.provider.values import Properties, SecretOutput


def operation(kind: str, resource_id: str = "") -> Operation:
    """A request about one resource. Nothing here waits long enough to be logged: no engine is needed."""
    request = provider_pb2.ReadRequest(
        urn=f"urn:pulumi:test::test::{kind}::main", type=kind, name="main", id=resource_id
    )
    return Operation(request, engine=None, interrupted=threading.Event())


class Engine:
    """What the engine does with a resource: check, diff, then the operation."""

    def __init__(self, provider: Aws) -> None:
        self.provider = provider

    def create(self, kind: str, inputs: Properties) -> "StateResource":
        checked = self.provider.check(operation(kind), {}, inputs, b"seed")
        made, state = self.provider.create(operation(kind), checked, preview=False)
        return StateResource(self.provider, kind, made, checked, state)


class StateResource:
    """A resource in the engine's state."""

    def __init__(
        self, provider: Aws, kind: str, resource_id: str, inputs: Properties, state: Properties
    ) -> None:
        self.provider, self.operation = provider, operation(kind, resource_id)
        self.inputs, self.state = inputs, state

    def diff(self, inputs: Properties) -> tuple[set[str], set[str]]:
        """The parts that differ, and the inputs that force a replacement."""
        new = self.provider.check(self.operation, self.inputs, inputs, b"other")
        found, replacing, _ = self.provider.diff(self.operation, self.inputs, new)
        return {each.path for each in found}, {each.input for each in found} & replacing

    def update(self, inputs: Properties) -> None:
        new = self.provider.check(self.operation, self.inputs, inputs, b"other")
        self.state = self.provider.update(self.operation, self.inputs, new, self.state, preview=False)
        self.inputs = new

    def drift(self) -> set[str] | None:
        """The inputs that the API has otherwise; None if the resource is gone."""
        seen = self.provider.read(self.operation, self.inputs, self.state)
        if seen is None:
            return None
        return {key for key in self.inputs if seen[0][key] != self.inputs[key]}

    def delete(self) -> None:
        self.provider.delete(self.operation, self.inputs, self.state)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One for all tests: botocore takes a while to make a client."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        # Loading moto's images takes longer than all tests.
        environment.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        provider = Aws()
        provider.configure(
            {
                "region": "eu-central-1",
                "accessKey": "k",
                "secretKey": "s",
                "defaultTags": '{"tags": {"Stack": "test"}}',
            }
        )
        yield Engine(provider)


def aws(service: str) -> Any:
    return boto3.client(service, region_name="eu-central-1", aws_access_key_id="k", aws_secret_access_key="s")


def test_a_vpc_lives_its_life(engine: Engine) -> None:
    """Made, unchanged, changed in place, found changed, deleted, gone."""
    inputs: Properties = {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "tags": {"Name": "main"}}
    vpc = engine.create("aws:ec2/vpc:Vpc", inputs)
    assert vpc.state["arn"] == f"arn:aws:ec2:eu-central-1:123456789012:vpc/{vpc.operation.id}"
    assert vpc.state["tagsAll"] == {"Name": "main", "Stack": "test"}
    assert vpc.drift() == set()
    assert vpc.diff(inputs) == (set(), set())

    changed = {**inputs, "enableDnsHostnames": False, "tags": {"Name": "other"}}
    assert vpc.diff(changed) == ({"enableDnsHostnames", "tags.Name"}, set())
    vpc.update(changed)
    assert vpc.drift() == set()

    aws("ec2").create_tags(Resources=[vpc.operation.id], Tags=[{"Key": "By", "Value": "hand"}])
    assert vpc.drift() == {"tags"}
    assert vpc.diff({**changed, "cidrBlock": "10.1.0.0/16"})[1] == {"cidrBlock"}

    vpc.delete()
    assert vpc.drift() is None
    vpc.delete()


def test_a_launch_template_gets_a_version_a_change(engine: Engine) -> None:
    """A preview doesn't promise the old version; a tag alone makes no new one."""
    kind = "aws:ec2/launchTemplate:LaunchTemplate"
    inputs: Properties = {
        "imageId": "ami-1",
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
    }
    template = engine.create(kind, inputs)
    assert (template.state["latestVersion"], template.inputs["name"]) == (1, template.state["name"])
    assert template.inputs["name"].startswith("main-")

    changed = {**inputs, "imageId": "ami-2"}
    new = engine.provider.check(template.operation, template.inputs, changed, b"other")
    preview = engine.provider.update(template.operation, template.inputs, new, template.state, preview=True)
    assert "latestVersion" not in preview
    template.update(changed)
    assert template.state["latestVersion"] == 2
    assert template.drift() == set()


def test_a_parameter_s_value_is_secret(engine: Engine) -> None:
    """Only `insecureValue` is shown, as the official provider does."""
    gate = engine.create(
        "aws:ssm/parameter:Parameter",
        {"name": "/gate", "type": "String", "insecureValue": "v1", "overwrite": True},
    )
    assert gate.state["value"] == SecretOutput("v1")
    assert gate.state["insecureValue"] == "v1"
    aws("ssm").put_parameter(Name="/gate", Value="v2", Overwrite=True)
    assert gate.drift() == {"insecureValue"}


def test_policies_differ_by_what_they_say(engine: Engine) -> None:
    """A role's trust policy comes back as it was written."""
    role = engine.create(
        "aws:iam/role:Role", {"assumeRolePolicy": '{ "Version": "2012-10-17", "Statement": [] }'}
    )
    assert role.drift() == set()
    aws("iam").update_role(RoleName=role.operation.id, Description="", MaxSessionDuration=7200)
    assert role.drift() == {"maxSessionDuration"}


def test_a_bucket_goes_with_its_objects_only_if_it_may(engine: Engine) -> None:
    """`forceDestroy` empties it, in all versions; without it the API's error reaches the user."""
    bucket = engine.create("aws:s3/bucket:Bucket", {"bucket": "releases", "forceDestroy": False})
    aws("s3").put_object(Bucket="releases", Key="a", Body=b"1")
    with pytest.raises(Exception, match="BucketNotEmpty"):
        bucket.delete()
    bucket.update({"bucket": "releases", "forceDestroy": True})
    bucket.delete()
    assert bucket.drift() is None


def test_an_input_that_no_call_takes_is_refused_by_name(engine: Engine) -> None:
    """Nothing is ever left out silently."""
    with pytest.raises(Failures) as refused:
        engine.create("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "ipv6CidrBlock": "fd00::/56"})
    assert refused.value.failures == (
        (
            "ipv6CidrBlock",
            "aws:ec2/vpc:Vpc: the rehearsal's provider does not handle the input 'ipv6CidrBlock'",
        ),
    )


def test_a_group_whose_capacity_is_waited_for_is_refused(engine: Engine) -> None:
    """The stacks' gate waits for it; here nothing does."""
    group = {"maxSize": 1, "minSize": 0, "vpcZoneIdentifiers": ["subnet-1"], "waitForCapacityTimeout": "10m"}
    with pytest.raises(Failures) as refused:
        engine.create("aws:autoscaling/group:Group", group)
    assert [path for path, _ in refused.value.failures] == ["waitForCapacityTimeout"]


def test_an_input_left_out_without_a_default_is_refused(engine: Engine) -> None:
    """AWS would keep the old value; saying nothing would hide that."""
    key = engine.create("aws:kms/key:Key", {"description": "Logs"})
    with pytest.raises(ValueError, match="'description' was 'Logs' and is left out now"):
        key.diff({})


def test_a_database_begins_with_a_snapshot(engine: Engine) -> None:
    """Its name and admin are the snapshot's; all else is as the program says, without drift."""
    kind = "aws:rds/instance:Instance"
    inputs = {
        "engine": "postgres",
        "instanceClass": "db.t4g.micro",
        "allocatedStorage": 20,
        "dbName": "app",
        "username": "keel",
        "password": SecretOutput("password of the old one"),
        "finalSnapshotIdentifier": "old-final",
    }
    engine.create(kind, {**inputs, "identifier": "old"}).delete()
    restored = engine.create(
        kind,
        {
            **inputs,
            "identifier": "new",
            "password": SecretOutput("password of the new one"),
            "snapshotIdentifier": "old-final",
            "backupRetentionPeriod": 7,
            "deletionProtection": False,
        },
    )
    seen = boto3.client("rds", "eu-central-1").describe_db_instances(DBInstanceIdentifier="new")[
        "DBInstances"
    ][0]
    assert (seen["DBName"], seen["MasterUsername"], seen["BackupRetentionPeriod"]) == ("app", "keel", 7)
    assert restored.drift() == set()
    assert restored.diff({**inputs, "identifier": "new", "snapshotIdentifier": "other"})[1] == {
        "snapshotIdentifier"
    }
