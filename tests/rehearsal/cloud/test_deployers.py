"""What a deployer may do in the cloud: docs/deployer-policy.json decides, in AWS's words."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal import access_key, daemon
from rehearsal.cloud.iam.users import RECORD
from rehearsal.deployer import principal
from rehearsal.engine.environment import Rehearsal
from stacks import deployer_policy
from testkit.checkout import ROOT
from testkit.projects import project_at
from tests.rehearsal.cloud.running import RunningCloud

REGION, ACCOUNT = "eu-central-1", "123456789012"
TAGS = [{"Key": "Project", "Value": "evenkeel"}, {"Key": "Stack", "Value": "local"}]


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalDeployer:
    """The deployer of stack `local`, and the cloud."""

    cloud: RunningCloud
    key: access_key.AccessKey

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.cloud.endpoint,
            region_name=REGION,
            aws_access_key_id=self.key.id,
            aws_secret_access_key=self.key.secret,
            config=Config(retries={"total_max_attempts": 1}),
        )


def rehearsal_of(cloud: RunningCloud) -> Rehearsal:
    return Rehearsal(project=project_at(ROOT), state=cloud.state_dir, port=cloud.port, region=REGION)


@pytest.fixture(scope="module")
def deployer(cloud: RunningCloud) -> LocalDeployer:
    """As `make up` makes it."""
    return LocalDeployer(cloud=cloud, key=principal.key_of(rehearsal_of(cloud), "local"))


def tagged(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": TAGS}]


DENIED: list[tuple[str, str, Callable[[Any], Any], str]] = [
    # Each protocol has its own form of a refusal.
    ("iam", "AccessDenied", lambda iam: iam.list_users(), "iam:ListUsers"),
    ("ec2", "UnauthorizedOperation", lambda ec2: ec2.create_key_pair(KeyName="k"), "ec2:CreateKeyPair"),
    ("kms", "AccessDeniedException", lambda kms: kms.list_keys(), "kms:ListKeys"),
    ("s3", "AccessDenied", lambda s3: s3.list_buckets(), "s3:ListAllMyBuckets"),
    (
        "cloudwatch",
        "AccessDeniedException",
        lambda cloudwatch: cloudwatch.delete_alarms(AlarmNames=["another"]),
        "cloudwatch:DeleteAlarms",
    ),
    # What it may do, but not on this.
    (
        "rds",
        "AccessDenied",
        lambda rds: rds.delete_db_instance(DBInstanceIdentifier="evenkeel-prod-db", SkipFinalSnapshot=True),
        "rds:DeleteDBInstance",
    ),
    (
        "iam",
        "AccessDenied",
        lambda iam: iam.attach_role_policy(
            RoleName="evenkeel-local-servers", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "iam:AttachRolePolicy",
    ),
    (
        "iam",
        "AccessDenied",
        lambda iam: iam.put_user_policy(
            UserName="evenkeel-local-deployer", PolicyName="p", PolicyDocument="{}"
        ),
        "iam:PutUserPolicy",
    ),
]


@pytest.mark.parametrize(("service", "code", "call", "action"), DENIED, ids=[each[3] for each in DENIED])
def test_what_is_not_in_the_policy_is_refused(
    deployer: LocalDeployer, service: str, code: str, call: Callable[[Any], Any], action: str
) -> None:
    """With the code of the service's protocol, and the action by its name."""
    with pytest.raises(ClientError) as refused:
        call(deployer.client(service))
    assert refused.value.response["Error"]["Code"] == code
    said = refused.value.response["Error"]["Message"]
    user = f"User: arn:aws:iam::{ACCOUNT}:user/deployers/evenkeel/local/evenkeel-local-deployer"
    assert f"{user} is not authorized to perform: {action}" in said
    assert said.endswith(f"because no identity-based policy allows the {action} action")


def test_only_what_is_the_stacks_is_deleted(deployer: LocalDeployer) -> None:
    """A VPC has no name: its tags say whose it is."""
    ec2 = deployer.client("ec2")
    own = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    tags = [TAGS[0], {"Key": "Stack", "Value": "prod"}]
    others = deployer.cloud.client("ec2").create_vpc(
        CidrBlock="10.2.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )["Vpc"]["VpcId"]
    ec2.delete_vpc(VpcId=own)
    with pytest.raises(ClientError, match=f"ec2:DeleteVpc on resource: .*{others}"):
        ec2.delete_vpc(VpcId=others)


@pytest.mark.usefixtures("deployer")
def test_an_action_that_is_taken_out_is_refused(cloud: RunningCloud) -> None:
    """The twin: what a stack's life takes it can't do without."""
    names = deployer_policy.names(
        "evenkeel", "less", ROOT / "stacks/Pulumi.local.yaml", account=ACCOUNT, region=REGION
    )
    documents = deployer_policy.documents(names)
    text = json.dumps(documents[f"{names.prefix}-network"]).replace('"ec2:CreateVpc", ', "")
    iam = cloud.client("iam")
    iam.create_user(UserName="less")
    iam.put_user_policy(UserName="less", PolicyName="network", PolicyDocument=text)
    made = iam.create_access_key(UserName="less")["AccessKey"]
    key = access_key.AccessKey(id=made["AccessKeyId"], secret=made["SecretAccessKey"])
    ec2 = LocalDeployer(cloud=cloud, key=key).client("ec2")
    assert ec2.describe_vpcs()["Vpcs"]
    with pytest.raises(ClientError, match="ec2:CreateVpc"):
        ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc"))


def test_the_cloud_writes_down_what_a_deployer_uses_and_lacks(deployer: LocalDeployer) -> None:
    """Of any stack, account and region, and without any value."""
    deployer.client("sns").create_topic(Name="evenkeel-local-alarms", Tags=TAGS)
    with pytest.raises(ClientError):
        deployer.client("kms").list_keys()
    written = (deployer.cloud.state_dir / RECORD).read_text().splitlines()
    topic = "arn:${Partition}:sns:${Region}:${Account}:${Project}-${Stack}-*"
    assert {f"sns:CreateTopic {topic}", f"sns:TagResource {topic}", "kms:ListKeys *"} <= {*written}
    assert len(written) == len({*written})


def test_the_rehearsals_own_pages_are_not_the_deployers(deployer: LocalDeployer) -> None:
    """Status and faults take the rehearsal's own key."""
    assert daemon.rows(deployer.cloud.endpoint, deployer.key) is None


def test_the_same_key_is_kept_and_the_policies_are_brought_up_to_date(
    cloud: RunningCloud, deployer: LocalDeployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make up` after a change of the policies goes on with them."""
    fewer = {
        "evenkeel-local-deployer-one": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"}],
        }
    }
    with monkeypatch.context() as patch:
        patch.setattr(deployer_policy, "documents", lambda *_: fewer)
        assert principal.key_of(rehearsal_of(cloud), "local") == deployer.key
        with pytest.raises(ClientError, match="ec2:DescribeSubnets"):
            deployer.client("ec2").describe_subnets()
    assert principal.key_of(rehearsal_of(cloud), "local") == deployer.key
    assert deployer.client("ec2").describe_subnets()["Subnets"]
