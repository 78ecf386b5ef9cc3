"""The Auto Scaling group, its launch template, and what a server may do."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator

from testkit.registered import Registered
from tests.unit.controls.control import MISSING, Control, Flip, Inputs, at, changed, each, flip, plain, put
from tests.unit.controls.network import INGRESS, in_two_zones
from tests.unit.controls.storage import statements

GROUP = "aws:autoscaling/group:Group"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PASSWORD = "random:index/randomPassword:RandomPassword"
LAUNCHED = "mixedInstancesPolicy.launchTemplate"


def user_data(inputs: Inputs) -> str:
    """As a server reads it."""
    data = base64.b64decode(plain(inputs["userData"]))
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()


def with_a_secret(made: Registered) -> Iterator[str]:
    """Templates whose user data holds a password."""
    for name, inputs in made.all(TEMPLATE).items():
        if any(f"password of {one}" in user_data(inputs) for one in made.all(PASSWORD)):
            yield name


def reveal(made: Registered) -> Iterator[Flip]:
    for password in made.all(PASSWORD):
        text = base64.b64encode(f"TOKEN=password of {password}".encode()).decode()
        for name in made.all(TEMPLATE):
            yield changed(TEMPLATE, name, put("userData", text))


def with_public_addresses(made: Registered) -> Iterator[str]:
    for name, inputs in made.all(TEMPLATE).items():
        if any(one.get("associatePublicIpAddress") != "false" for one in inputs.get("networkInterfaces", [])):
            yield name


def unmanaged(made: Registered) -> Iterator[str]:
    if not any(
        one["policyArn"].endswith("AmazonSSMManagedInstanceCore") for one in made.all(ATTACHMENT).values()
    ):
        yield "the servers' role"


def open_to_ssh(made: Registered) -> Iterator[str]:
    for name, inputs in made.all(INGRESS).items():
        if inputs["fromPort"] <= 22 <= inputs["toPort"]:
            yield name


def actions(made: Registered) -> Iterator[tuple[str, str, object]]:
    """Each action that a role may do, after its policy's name and before its resource."""
    for name, inputs in made.all(ROLE_POLICY).items():
        for one in statements(inputs):
            for action in [one["Action"]] if isinstance(one["Action"], str) else one["Action"]:
                if one["Effect"] == "Allow":
                    yield name, action, one["Resource"]


def everything(made: Registered) -> Iterator[str]:
    yield from (name for name, action, resource in actions(made) if action == "*" and resource == "*")


def whole_services(made: Registered) -> Iterator[str]:
    yield from (name for name, action, _ in actions(made) if action.endswith(":*"))


def allow(action: str) -> Callable[[Inputs], None]:
    """One statement more in a policy."""

    def change(inputs: Inputs) -> None:
        more = {"Effect": "Allow", "Action": [action], "Resource": "*"}
        inputs["policy"] = json.dumps({"Statement": [*statements(inputs), more]})

    return change


def for_anyone(made: Registered) -> Iterator[str]:
    """Roles that a service may assume for another account too; EC2 needs no such bound."""
    for name, inputs in made.all(ROLE).items():
        (trust,) = json.loads(plain(inputs["assumeRolePolicy"]))["Statement"]
        bound = at(trust, "Condition.StringEquals") not in (MISSING, {})
        if trust["Principal"] != {"Service": "ec2.amazonaws.com"} and not bound:
            yield name


def unbind(inputs: Inputs) -> None:
    document = json.loads(plain(inputs["assumeRolePolicy"]))
    del document["Statement"][0]["Condition"]
    inputs["assumeRolePolicy"] = json.dumps(document)


SERVERS = (
    each("AutoScaling.1", "the balancer's health checks", GROUP, "healthCheckType", "ELB", "EC2"),
    in_two_zones("AutoScaling.2", GROUP, "vpcZoneIdentifiers"),
    each(
        "AutoScaling.6",
        "several instance types",
        GROUP,
        f"{LAUNCHED}.overrides",
        lambda overrides: len({one["instanceType"] for one in overrides}) > 1,
        [{"instanceType": "m7i.large"}],
    ),
    each(
        "AutoScaling.9",
        "a launch template",
        GROUP,
        f"{LAUNCHED}.launchTemplateSpecification.launchTemplateId",
        bool,
        None,
    ),
    each(
        "template version",
        "a number: a rollback has to know where to go",
        GROUP,
        f"{LAUNCHED}.launchTemplateSpecification.version",
        str.isdigit,
        "$Latest",
    ),
    each(
        "terminating hook",
        "waits for minutes",
        HOOK,
        "heartbeatTimeout",
        lambda one: 60 <= one <= 900,
        3600,
        only=lambda name: "terminating" in name,
    ),
    each("EC2.170", "IMDSv2", TEMPLATE, "metadataOptions.httpTokens", "required", "optional"),
    each("hop limit", "1", TEMPLATE, "metadataOptions.httpPutResponseHopLimit", 1, 2),
    Control(
        id="EC2.25",
        promise="no public address",
        broken=with_public_addresses,
        flips=flip(TEMPLATE, put("networkInterfaces", [{"associatePublicIpAddress": "true"}])),
    ),
    each("EC2.181", "encrypted volumes", TEMPLATE, "blockDeviceMappings.0.ebs.encrypted", "true", "false"),
    Control(id="user data", promise="holds no secret", broken=with_a_secret, flips=reveal),
    Control(
        id="SSM.1",
        promise="managed by SSM",
        broken=unmanaged,
        flips=flip(ATTACHMENT, put("policyArn", "arn:other"), only=lambda name: name.endswith("-ssm")),
    ),
    Control(
        id="SSH",
        promise="has no port",
        broken=open_to_ssh,
        flips=flip(INGRESS, put("fromPort", 22), only=lambda name: not name.endswith("-world")),
    ),
    Control(
        id="confused deputy",
        promise="a service assumes a role for this account only",
        broken=for_anyone,
        flips=flip(ROLE, unbind, only=lambda name: not name.endswith("-app-role")),
    ),
    Control(id="IAM.1", promise="nobody may do all", broken=everything, flips=flip(ROLE_POLICY, allow("*"))),
    Control(
        id="IAM.21",
        promise="nobody may do all of a service",
        broken=whole_services,
        flips=flip(ROLE_POLICY, allow("s3:*")),
    ),
)
