"""A rehearsal cloud of a test's own: on a free port, with a state folder of its own."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from rehearsal import daemon
from rehearsal.access_key import AccessKey
from rehearsal.isolation.isolation import CHOICE
from testkit import cloud_log
from testkit.ports import free_port
from testkit.waiting import eventually

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
"""Lets servers take a role."""


CHECK_PACE = 5
"""How many times as often as it says the targets of a target group are checked: AWS's least is every 5 s."""


class RunningCloud:
    """`python -m rehearsal.cloud` as a child, and what a test asks of it."""

    def __init__(
        self,
        state_dir: Path,
        *,
        isolation: str | None = None,
        mean: int | None = None,
        module: str = "rehearsal.cloud",
    ) -> None:
        """`isolation` is the way in which servers and tasks are isolated; without it the machine's best.

        `mean` is the seed of a mean cloud. `module` is what runs as the cloud: a test may run one of its own,
        in which something is broken.
        """
        self.state_dir = state_dir
        self._ahead = timedelta()
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        state_dir.mkdir(parents=True, exist_ok=True)
        self.key = AccessKey.make(state_dir)
        self.log = state_dir.with_suffix(".log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "TERM"),  # a test run that is killed leaves no cloud behind
                    *(sys.executable, "-m", module),
                    *daemon.arguments(port=self.port, state=state_dir, mean=mean)[2:],
                    *("--check-pace", str(CHECK_PACE)),
                ],
                stderr=log,
                env=os.environ | ({CHOICE: isolation} if isolation else {}),
            )
        eventually(self._answers, within=60)

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client of this cloud."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="eu-central-1",
            aws_access_key_id=self.key.id,
            aws_secret_access_key=self.key.secret,
            config=config,
        )

    @property
    def ca(self) -> Path:
        """The certificate authority that its servers' certificates are signed by."""
        return self.state_dir / "ca.pem"

    def rows(self) -> list[dict[str, Any]]:
        """What runs where, as the status page shows it."""
        rows = daemon.rows(self.endpoint, self.key)
        assert rows is not None
        return rows

    def inject(self, action: str, target: str) -> None:
        """Let a fault happen."""
        daemon.inject(self.endpoint, self.key, action, target)

    def advance(self, seconds: float) -> None:
        """Let so many seconds have passed for what AWS waits for, and for nothing else."""
        daemon.advance(self.endpoint, self.key, seconds)
        self._ahead += timedelta(seconds=seconds)

    def now(self) -> datetime:
        """By the cloud's clock."""
        return datetime.now(UTC) + self._ahead

    def has_subnet_in(self, zone: str) -> None:
        """Only a zone with a subnet can be lost."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone=zone)

    def processes(self) -> set[int]:
        """Everything that runs in the state folder, whoever its parent is now."""
        return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._runs_here(entry)}

    def own_failures(self) -> list[str]:
        """What failed in the cloud itself."""
        return cloud_log.own_failures(self.log)

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """End the cloud; its exit status. One that does not end is killed, which is an error."""
        self.process.send_signal(by)
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def _runs_here(self, entry: Path) -> bool:
        try:
            mounts = (entry / "mountinfo").read_text()  # of an isolated process they name the state folder
            return (entry / "cwd").readlink().is_relative_to(self.state_dir) or str(self.state_dir) in mounts
        except OSError:
            return False

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return daemon.rows(self.endpoint, self.key) is not None
