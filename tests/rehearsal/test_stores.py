"""What the API reports of the database and the store is what runs; their secrets stay secret."""

from pathlib import Path
from typing import Any

import boto3
import pytest
import redis

from migrator.postgres import Session
from rehearsal.cloud.ec2.cloud_init import unpack
from testkit.access import authority, database, secrets, token
from testkit.checkout import Checkout
from testkit.deployment import Deployment

PROMISED = {
    "Member_churchId_optInSms_idx",
    "Member_createdAt_idx",
    "ConversationMessage_direction_conversationId_idx",
}


@pytest.fixture
def ca_file(deployment: Deployment, tmp_path: Path) -> Path:
    """The rehearsal's certificate authority."""
    return authority(deployment, tmp_path)


@pytest.mark.usefixtures("aws_environment")
def test_the_three_indexes_are_valid(ca_file: Path) -> None:
    """The schema gate's hook has applied the migrations."""
    with Session(database(ca_file)) as session:
        valid = session.run("SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid AND indisready")
    assert {name.strip('"') for (name,) in valid} >= PROMISED


@pytest.mark.usefixtures("aws_environment")
def test_the_database_that_boto3_sees_is_the_one_that_answers(deployment: Deployment, ca_file: Path) -> None:
    """Address, port and version are the server's own, and the connection is encrypted."""
    (seen,) = boto3.client("rds").describe_db_instances(DBInstanceIdentifier=deployment.outputs["database"])[
        "DBInstances"
    ]
    with Session(database(ca_file)) as session:
        ((address, port, encrypted),) = session.run(
            "SELECT host(inet_server_addr()), inet_server_port(), ssl "
            "FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        )
    assert (address, port, encrypted) == (seen["Endpoint"]["Address"], seen["Endpoint"]["Port"], True)


@pytest.mark.usefixtures("aws_environment")
@pytest.mark.parametrize("store", ["sessions", "cache"])
def test_the_store_that_boto3_sees_is_the_one_that_answers(
    deployment: Deployment, ca_file: Path, store: str
) -> None:
    """The primary endpoint is a master with the replica that the API lists."""
    name = deployment.outputs[store]
    (group,) = boto3.client("elasticache").describe_replication_groups(ReplicationGroupId=name)[
        "ReplicationGroups"
    ]
    primary = group["NodeGroups"][0]["PrimaryEndpoint"]
    server = redis.Redis(
        host=primary["Address"],
        port=primary["Port"],
        password=token(name),
        ssl=True,
        ssl_ca_certs=str(ca_file),
    )
    replication: Any = server.info("replication")
    assert replication["role"] == "master"
    assert replication["connected_slaves"] == len(group["MemberClusters"]) - 1


@pytest.mark.usefixtures("aws_environment")
def test_no_password_lies_in_plain_in_state_logs_or_user_data(checkout: Checkout) -> None:
    """Neither the engine's state, nor a log of the rehearsal, nor the launch template holds one."""
    hidden = [one.get("password") or one["auth_token"] for one in secrets()]
    assert len(hidden) >= 4
    state = checkout.folder / ".rehearsal"
    files = [*state.glob("state/**/*.json*"), *state.glob("**/*.log")]
    shown = {str(file): file.read_text(errors="replace") for file in files if file.is_file()}
    ec2 = boto3.client("ec2")
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        for version in ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])[
            "LaunchTemplateVersions"
        ]:
            text = unpack(version["LaunchTemplateData"]["UserData"])
            shown[f"user data of version {version['VersionNumber']}"] = text
    assert len(shown) > 5
    assert [name for name, text in shown.items() if any(secret in text for secret in hidden)] == []
