"""Roles and what they are granted."""

import json
from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

iam = partial(Mistake, service="iam")


def trust(**statement: Any) -> str:
    """Who may take a role."""
    allowed = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, **statement}]})


def grant(version: str = "2012-10-17", **statement: Any) -> dict[str, str]:
    """The members of PutRolePolicy."""
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": version, "Statement": [{**allowed, **statement}]}
    return {"RoleName": "standing", "PolicyName": "new", "PolicyDocument": json.dumps(document)}


ROLES = (
    iam(
        what="a role's name with a space",
        operation="CreateRole",
        members={"RoleName": "new role", "AssumeRolePolicyDocument": trust()},
        code="ValidationError",
    ),
    iam(
        what="a session of 100 seconds",
        operation="CreateRole",
        members={"RoleName": "new", "AssumeRolePolicyDocument": trust(), "MaxSessionDuration": 100},
        code="ValidationError",
    ),
    iam(
        what="a policy that is no JSON",
        operation="CreateRole",
        members={"RoleName": "new", "AssumeRolePolicyDocument": "{'Version': '2012-10-17'}"},
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a policy's effect in lower case",
        operation="CreateRole",
        members={"RoleName": "new", "AssumeRolePolicyDocument": trust(Effect="allow")},
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a policy of a version that there is not",
        operation="PutRolePolicy",
        members=grant(version="2022-10-17"),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a managed policy of more than 6144 characters",
        operation="CreatePolicy",
        members={"PolicyName": "new", "PolicyDocument": grant(Resource=["*"] * 1600)["PolicyDocument"]},
        code="LimitExceeded",
    ),
    iam(
        what="a role's policy of more than 10240 characters",
        operation="PutRolePolicy",
        members=grant(Resource=["*"] * 2600),
        code="LimitExceeded",
    ),
    iam(
        what="an action without its service",
        operation="PutRolePolicy",
        members=grant(Action="GetObject"),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a policy's resource that is no ARN",
        operation="PutRolePolicy",
        members=grant(Resource="my-bucket/*"),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a condition that there is not",
        operation="PutRolePolicy",
        members=grant(Condition={"StringSame": {"aws:SourceAccount": "123456789012"}}),
        code="MalformedPolicyDocument",
    ),
    iam(
        what="a role's policies of more than 10240 characters",
        operation="PutRolePolicy",
        members=grant(Resource=[f"arn:aws:s3:::bucket-{number}/*" for number in range(400)]),
        code="LimitExceeded",
    ),
    iam(
        what="a policy for a role that is not there",
        operation="PutRolePolicy",
        members={**grant(), "RoleName": "absent"},
        code="NoSuchEntity",
    ),
    iam(
        what="a managed policy that is not there",
        operation="AttachRolePolicy",
        members={"RoleName": "standing", "PolicyArn": "arn:aws:iam::aws:policy/Absent"},
        code="NoSuchEntity",
    ),
    iam(
        what="a second role in a profile",
        operation="AddRoleToInstanceProfile",
        members={"InstanceProfileName": "standing", "RoleName": "standing"},
        code="LimitExceeded",
    ),
    iam(
        what="a role in use",
        operation="DeleteRole",
        members={"RoleName": "standing"},
        code="DeleteConflict",
    ),
)
