"""Snapshots of a DB instance: what they hold, and who can read them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.encryption import DELETION_WINDOW_DAYS
from testkit.checkout import ROOT
from tests.rehearsal.cloud.postgres_instance import (
    PASSWORD,
    available,
    connect,
    described,
    restore,
    rows,
    saved,
)
from tests.rehearsal.cloud.running import RunningCloud

RUNBOOK = (ROOT / "docs/runbooks/stores.md").read_text()


def test_a_snapshot_holds_the_rows_of_its_moment(
    cloud: RunningCloud, rds: Any, instance: dict[str, Any]
) -> None:
    """A restored instance has them, and none that came later; it is another server, with the old password."""
    connection = connect(cloud, instance)
    try:
        connection.run("CREATE TABLE saved AS SELECT 1 AS n")
        rds.create_db_snapshot(DBInstanceIdentifier="main", DBSnapshotIdentifier="by-hand")
        with pytest.raises(ClientError, match="InvalidDBSnapshotState"):
            restore(rds, "early-bird", "by-hand")
        saved(rds, "by-hand")
        connection.run("INSERT INTO saved VALUES (2)")
    finally:
        connection.close()
    restore(rds, "again", "by-hand")
    assert rows(cloud, available(rds, "again")) == [[1]]
    assert rows(cloud, described(rds)) == [[1], [2]]
    rds.delete_db_instance(DBInstanceIdentifier="again", SkipFinalSnapshot=True)


def test_a_snapshot_can_be_read_again_once_the_deletion_of_its_key_is_cancelled(
    cloud: RunningCloud, rds: Any
) -> None:
    """docs/runbooks/stores.md: not while it is pending or the key disabled; then every row is there."""
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    rds.create_db_instance(
        DBInstanceIdentifier="sealed",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="keel",
        MasterUserPassword=PASSWORD,
        DBName="app",
        AllocatedStorage=20,
        StorageEncrypted=True,
        KmsKeyId=key,
    )
    connection = connect(cloud, available(rds, "sealed"))
    connection.run("CREATE TABLE saved AS SELECT 4 AS n")
    connection.close()
    rds.delete_db_instance(DBInstanceIdentifier="sealed", FinalDBSnapshotIdentifier="sealed-final")
    saved(rds, "sealed-final")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=DELETION_WINDOW_DAYS)
    with pytest.raises(ClientError, match=r"KMSKeyNotAccessibleFault.* is PendingDeletion"):
        restore(rds, "sealed", "sealed-final")
    kms.cancel_key_deletion(KeyId=key)
    with pytest.raises(ClientError, match=r"KMSKeyNotAccessibleFault.* is Disabled"):
        restore(rds, "sealed", "sealed-final")
    kms.enable_key(KeyId=key)
    restore(rds, "sealed", "sealed-final")
    assert rows(cloud, available(rds, "sealed")) == [[4]]
    rds.delete_db_instance(DBInstanceIdentifier="sealed", SkipFinalSnapshot=True)
    for command in (
        f"aws kms schedule-key-deletion --key-id KEY --pending-window-in-days {DELETION_WINDOW_DAYS}`",
        "aws kms cancel-key-deletion --key-id KEY`",
        "aws kms enable-key --key-id KEY`",
    ):
        assert command in RUNBOOK
