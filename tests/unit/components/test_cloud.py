"""The provider and what it looks up; the stack's key; names."""

import json
from typing import Any

import pulumi
import pytest

from components import naming
from components.cloud import Cloud, CloudArgs, CloudSettings, first
from components.encryption import EncryptionKey, EncryptionKeyArgs
from testkit.registered import Registered, register


def cloud(**differences: Any) -> tuple[Registered, dict[str, Any]]:
    """What the cloud registers, and what it says about the account."""
    values: dict[str, Any] = {"image_id": None, "instance_type": "m7i.large", **differences}
    settings = CloudSettings(region="xx-1", endpoint=values.pop("endpoint", None))
    args = CloudArgs(settings=settings, tags={"Stack": "test"}, zones=3, **values)
    found: dict[str, Any] = {}

    def program() -> None:
        made = Cloud("kit", args)
        known = {"account_id": made.account_id, "image_id": made.image_id, "zones": made.zones}
        pulumi.Output.from_input(known).apply(found.update)

    return register(program), found


def test_amazon_answers_where_no_endpoint_is_set() -> None:
    """Nothing is moved, and credentials are checked."""
    made, _ = cloud()
    inputs = made["pulumi:providers:aws", "kit"]
    assert (inputs["region"], inputs["skipCredentialsValidation"]) == ("xx-1", "false")
    assert json.loads(inputs["defaultTags"]) == {"tags": {"Stack": "test"}}
    assert "endpoints" not in inputs


def test_one_endpoint_answers_for_every_service() -> None:
    """S3 by path, since no name of a bucket resolves there."""
    made, _ = cloud(endpoint="http://127.0.0.1:1")
    inputs = made["pulumi:providers:aws", "kit"]
    (endpoints,) = json.loads(inputs["endpoints"])
    assert len(endpoints) == 18
    # Clients of S3 Control put the account's id before the host: it has to be a name.
    assert endpoints.pop("s3control") == "http://localhost:1"
    assert set(endpoints.values()) == {"http://127.0.0.1:1"}
    assert inputs["s3UsePathStyle"] == "true"


def test_the_first_zones_are_used() -> None:
    """In the order of their names, an impaired one too, so that they stay the same."""
    _, found = cloud()
    assert (found["account_id"], found["zones"]) == ("123456789012", ["xx-1a", "xx-1b", "xx-1c"])


def test_a_region_with_fewer_zones_is_refused() -> None:
    """Silently two of three would be another promise."""
    with pytest.raises(
        pulumi.RunError, match=r"network.zones is 3: region us-west-1 has 2 zones .* Set it to 2"
    ):
        first(["us-west-1a", "us-west-1c"], 3, "us-west-1")


def test_an_image_is_looked_up_unless_pinned() -> None:
    """The newest of Amazon's for the processor."""
    newest = "ami from /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
    assert cloud()[1]["image_id"] == f"{newest}x86_64"
    assert cloud(instance_type="t4g.small")[1]["image_id"] == f"{newest}arm64"
    assert cloud(image_id="ami-1")[1]["image_id"] == "ami-1"


def test_the_key_rotates_and_serves_logs_and_alarms() -> None:
    """KMS.4; services only in this account's name."""
    made = register(
        lambda: EncryptionKey(
            "kit",
            EncryptionKeyArgs(account_id="123456789012", region="xx-1", protected=False, retained=False),
        )
    )
    assert made.types == {"aws:kms/key:Key": 1, "aws:kms/alias:Alias": 1}
    inputs = made["aws:kms/key:Key", "kit"]
    assert inputs["enableKeyRotation"] is True
    principals = [one["Principal"] for one in json.loads(inputs["policy"])["Statement"]]
    assert principals == [
        {"AWS": "arn:aws:iam::123456789012:root"},
        {"Service": "logs.xx-1.amazonaws.com"},
        {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]},
    ]


def test_the_kits_tags_win_over_a_stacks_own() -> None:
    """What finds a stack's resources must hold."""
    tags = naming.default_tags("evenkeel", "prod", {"Team": "web", "Stack": "other"})
    assert tags == {"Team": "web", "Stack": "prod", "Project": "evenkeel", "ManagedBy": "pulumi"}
    assert naming.prefix("evenkeel", "prod") == "evenkeel-prod"


def test_the_ca_bundle_is_the_regions_unless_set() -> None:
    """RDS signs with an authority of its own in each region."""
    assert CloudSettings(region="us-east-1").ca_bundle == (
        "https://truststore.pki.rds.amazonaws.com/us-east-1/us-east-1-bundle.pem"
    )
    assert CloudSettings(ca_bundle_url="https://ca/x.pem").ca_bundle == "https://ca/x.pem"


def test_gates_are_told_apart_by_project_and_stack() -> None:
    """Stacks may share an account."""
    assert naming.gates("evenkeel", "prod") == {
        "schema": "/evenkeel/prod/schema",
        "release": "/evenkeel/prod/release",
        "verified": "/evenkeel/prod/verified",
    }
