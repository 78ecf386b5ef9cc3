"""docs/deployer-policy.json: the least that deploys, in a form that AWS takes."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore import xform_name

from rehearsal.cloud.iam import policies
from rehearsal.cloud.iam.rights import actions, reference, resources
from rehearsal.cloud.iam.rights.dependent import ABSENT
from rehearsal.cloud.judge.call import JudgedCall, service_model
from rehearsal.cloud.judge.judge import violations
from rehearsal.deployer import official, policy
from rehearsal.deployer.__main__ import generated
from rehearsal.deployer.right import General
from rehearsal.deployer.table import RECORDED, recorded
from rehearsal.offline.provider.call import ApiCall
from rehearsal.offline.provider.table import RESOURCES
from stacks import deployer_policy
from stacks.deployer_policy import Names

LONG = Names(
    Partition="aws-us-gov",
    Region="ap-southeast-1",
    Account="123456789012",
    Project="evenkeel",
    Stack="production-eu",
    HostedZone="Z0123456789ABCDEFGHIJ",
    SecretsKey="alias/the-key-of-our-secrets",
    AppSecrets=["arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:secret:shop-a1b2c3"],
)


def statements(names: Names = LONG) -> list[dict[str, Any]]:
    documents = deployer_policy.documents(names).values()
    return [statement for document in documents for statement in document["Statement"]]


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_file_is_what_the_rights_make() -> None:
    """`python -m rehearsal.deployer` writes it, and nobody else."""
    assert deployer_policy.FILE.read_text() == generated()
    lines = RECORDED.read_text().splitlines()
    assert lines == [str(right) for right in sorted({General.parse(line) for line in lines})]


def test_each_action_exists_and_none_is_a_wildcard() -> None:
    """In AWS's Service Authorization Reference, letter by letter."""
    used = [action for statement in statements() for action in listed(statement["Action"])]
    assert len(used) > 200
    assert [action for action in used if reference.find(action) is None] == []


def test_what_can_be_limited_is() -> None:
    """`*` is for actions that have no resource, and for those that list what there is."""
    for statement in statements():
        assert statement["Effect"] == "Allow"
        if statement["Resource"] != "*":
            continue
        for name in listed(statement["Action"]):
            action = reference.find(name)
            assert action
            by_filters = action.lists and name.partition(":")[0] in resources.BY_FILTERS
            assert by_filters or not any(kind.required for kind in action.types), name


def test_every_recorded_right_is_allowed() -> None:
    """Under the conditions that it was used in, and the tags of what is the stack's."""
    documents = [json.dumps(document) for document in deployer_policy.documents(LONG).values()]
    for right in recorded():
        values = [(key, LONG.put(value)) for key, value in [*policy.OWN, *right.context]]
        context = ABSENT | {key.lower(): str(value) for key, value in values}
        assert policies.allows(documents, right.action, LONG.put(right.resource), context), right


def test_no_action_lacks_a_kind_of_resource_that_it_needs() -> None:
    """Of each kind that an action always has, the policy has some."""
    on: dict[str, set[str]] = {}
    for statement in statements():
        for name in listed(statement["Action"]):
            on.setdefault(name, set()).update(listed(statement["Resource"]))
    for name, arns in on.items():
        action = reference.find(name)
        assert action
        lacking = [
            kind.name
            for kind in action.types
            if kind.required and "*" not in arns and not any(resources.is_of(kind, arn) for arn in arns)
        ]
        assert not lacking, name


def test_names_are_the_stacks_own() -> None:
    """Another stack's database, role or secret is out of reach."""
    arns = {arn for statement in statements() for arn in listed(statement["Resource"])}
    for arn in arns - {"*"}:
        service, resource = arn.split(":")[2], arn.split(":", 5)[5]
        random = service in ("ec2", "kms", "acm") and resource.endswith("/*")
        of_aws = resource.startswith(("parameter/aws/service/", "role/aws-service-role/", "og:default:"))
        of_zone = resource in ("change/*", f"hostedzone/{LONG.HostedZone}")
        of_quota = service == "servicequotas"
        of_snapshots = resource == "snapshot:*"  # one may be of a stack that is gone
        own = (
            arn in LONG.AppSecrets
            or "evenkeel-production-eu" in resource
            or "evenkeel/production-eu" in resource
        )
        assert own or random or of_aws or of_zone or of_quota or of_snapshots, arn


def test_a_role_is_passed_to_its_service_alone() -> None:
    """Who may hand any role to any service has that role's rights."""
    (passing,) = [one for one in statements() if "iam:PassRole" in listed(one["Action"])]
    assert passing["Resource"] == "arn:aws-us-gov:iam::123456789012:role/evenkeel-production-eu-*"
    assert set(listed(passing["Condition"]["StringEquals"]["iam:PassedToService"])) == {
        "ec2.amazonaws.com",
        "ecs-tasks.amazonaws.com",
        "monitoring.rds.amazonaws.com",
        "vpc-flow-logs.amazonaws.com",
    }


def test_aws_takes_the_policies() -> None:
    """Size and grammar, by the judge of the rehearsal; ten policies are a role's quota."""
    documents = deployer_policy.documents(LONG)
    assert len(documents) <= 10
    for name, document in documents.items():
        text = deployer_policy.written(document)
        members = {"PolicyName": name, "PolicyDocument": text}
        assert list(violations(JudgedCall(service="iam", operation="CreatePolicy", members=members))) == []
        assert "${" not in text


def test_of_the_apps_own_secrets_the_deployer_sees_no_value() -> None:
    """It looks whether they are there."""
    allowed = {
        action
        for statement in statements()
        if LONG.AppSecrets[0] in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert allowed == {"secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"}


def test_what_a_stack_lacks_takes_no_right() -> None:
    """No zone, no records; a passphrase, no key of Pulumi's."""
    text = json.dumps(deployer_policy.documents(replace(LONG, HostedZone=None, SecretsKey=None)))
    assert "hostedzone" not in text
    assert "kms:ResourceAliases" not in text
    assert "hostedzone" in json.dumps(deployer_policy.documents(LONG))


def operations() -> Iterator[tuple[str, str]]:
    """Each that the table of our own provider has, but for services that only users' own resources are of."""
    services = {name for part in policy.PARTS.values() for name in part}
    for entry in RESOURCES.values():
        if service_model(entry.service).signing_name not in services:
            continue
        names = {xform_name(name): name for name in service_model(entry.service).operation_names}
        tags = [entry.tags.add, entry.tags.remove, entry.tags.read] if entry.tags else []
        for call in (entry.create, *entry.read, *entry.update, entry.delete, *tags):
            if isinstance(call, ApiCall):
                yield entry.service, names[call.operation]


def test_what_any_change_of_a_setting_calls_is_allowed() -> None:
    """A stack's life need not have changed every setting."""
    allowed = {action for statement in statements() for action in listed(statement["Action"])}
    needed = {
        action
        for service, operation in operations()
        for action in actions.of(JudgedCall(service=service, operation=operation, members={}))
    }
    assert needed - allowed == set()


def test_rights_under_other_conditions_are_kept_apart() -> None:
    """Those without any go together, and what deletes by an id only deletes what is the stack's."""
    vpc, subnet = (f"arn:${{Partition}}:ec2:${{Region}}:${{Account}}:{kind}/*" for kind in ("vpc", "subnet"))
    made = policy.documents(
        [
            General(action="ec2:DescribeVpcs", resource="*"),
            General(action="ec2:CreateVpc", resource=vpc),
            General(action="ec2:CreateSubnet", resource=vpc),
            General(action="ec2:CreateSubnet", resource=subnet),
            General(action="ec2:DeleteVpc", resource=vpc),
        ]
    )["network"]["Statement"]
    assert made == [
        {"Effect": "Allow", "Action": ["ec2:CreateSubnet", "ec2:CreateVpc"], "Resource": [subnet, vpc]},
        {"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "ec2:DeleteVpc",
            "Resource": vpc,
            "Condition": {"StringEquals": dict(policy.OWN)},
        },
    ]


@pytest.mark.parametrize("types", [official.ACTIONS])
def test_the_official_plugins_types_are_the_kits(types: dict[str, str]) -> None:
    """A type that no stack uses takes no right."""
    assert {re.sub(r":[^:]+$", "", name) for name in types} <= {
        re.sub(r":[^:]+$", "", name) for name in RESOURCES
    }
