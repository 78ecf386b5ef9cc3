"""Several servers and one job, in the rehearsal's S3: no due time runs twice, and no two runs at once."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testkit import cron
from testkit.cron import JOB, CronProgram, Metadata, overlapping, runs
from testkit.waiting import eventually
from tests.rehearsal.cloud.role_world import REGION, allow
from tests.rehearsal.cloud.running import TRUST, RunningCloud

BUCKET = "artifacts"
SERVERS = 3
LEASE_BESIDE_TIMEOUT = 20
"""Seconds: asking, PM2's kill time-out and S3's clocks."""
Start = Callable[..., list[CronProgram]]


@pytest.fixture(scope="module")
def credentials(cloud: RunningCloud) -> dict[str, str]:
    """Of a role that may do what a server's may, on a bucket such as the kit's."""
    s3, iam = cloud.client("s3"), cloud.client("iam")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
    )
    role = iam.create_role(RoleName="jobs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    statements = [
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{BUCKET}/cron/*"),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], key),
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="jobs", PolicyName="own", PolicyDocument=policy)
    given: dict[str, str] = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="i-0")[
        "Credentials"
    ]
    return given


@pytest.fixture
def metadata(credentials: dict[str, str]) -> Iterator[Metadata]:
    """Of all servers."""
    metadata = Metadata(credentials, servers=SERVERS)
    yield metadata
    metadata.close()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The kit's part of a release, with the job that a test describes."""
    own = cron.adapter(tmp_path)
    (own / "job.cjs").write_text(JOB)
    return own


@pytest.fixture
def start(cloud: RunningCloud, own: Path, metadata: Metadata, tmp_path: Path) -> Iterator[Start]:
    """Starts so many servers' programs; all of them are ended."""
    started: list[CronProgram] = []

    def start(count: int = SERVERS, *, schedule: str, timeout: int, takes: int) -> list[CronProgram]:
        job = {"schedule": schedule, "timeout": timeout, "script": "job.cjs", "node_args": []}
        name = tmp_path.name[-32:].replace("_", "-")
        jobs = {name: {**job, "args": [str(tmp_path / "journal"), str(takes)]}}
        (own / "jobs.json").write_text(json.dumps(jobs))
        environment = {
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.endpoint,
            "AWS_REGION": REGION,
            "CRON_BUCKET": BUCKET,
        }
        new = [CronProgram.start(own, f"i-{len(started) + number}", environment) for number in range(count)]
        started.extend(new)
        return new

    yield start
    for runner in started:
        runner.process.kill()
        runner.process.wait()


def due_times(runners: list[CronProgram]) -> Counter[str]:
    """How often a run of each due time began."""
    return Counter(line["due"] for runner in runners for line in runner.lines("run begins"))


def test_each_due_time_runs_once_though_all_ask_for_it(start: Start, tmp_path: Path) -> None:
    """Each has seen that nobody has it yet."""
    runners = start(schedule="*/3 * * * * *", timeout=10, takes=200)
    eventually(lambda: len(runs(tmp_path / "journal")) >= 4, within=60)
    for runner in runners:
        assert runner.end() == 0
    assert set(due_times(runners).values()) == {1}
    assert overlapping(runs(tmp_path / "journal")[:-1]) == []
    errors = [line for runner in runners for line in runner.lines() if line["level"] == "error"]
    assert [line for line in errors if not line.get("outcome", "").startswith("interrupted")] == []


def test_without_the_condition_it_runs_more_than_once(start: Start, own: Path) -> None:
    """The twin: whoever writes has it."""
    program = own / "job_record.cjs"
    text = program.read_text()
    assert '{ "If-Match": etag }' in text
    program.write_text(text.replace('{ "If-Match": etag }', "{}"))
    runners = start(schedule="*/3 * * * * *", timeout=10, takes=200)
    eventually(lambda: max(due_times(runners).values(), default=0) > 1, within=60)


def test_an_answer_that_is_lost_changes_nothing(start: Start, own: Path, tmp_path: Path) -> None:
    """S3 does what it was asked, and every other time nobody hears of it."""
    program = own / "job_record.cjs"
    text = program.read_text()
    request = "return client.fetch(this.url, { method, body, headers, signal });"
    assert request in text
    lossy = """
    const answer = await client.fetch(this.url, { method, body, headers, signal });
    this.written = (this.written ?? 0) + (method === "PUT");
    if (method === "PUT" && this.written % 2 === 1) throw new Error("no answer");
    return answer;"""
    program.write_text(text.replace(request, lossy))
    runners = start(schedule="*/3 * * * * *", timeout=10, takes=200)
    eventually(lambda: len(runs(tmp_path / "journal")) >= 3, within=60)
    for runner in runners:
        runner.end()
    assert set(due_times(runners).values()) == {1}
    assert overlapping(runs(tmp_path / "journal")[:-1]) == []
    assert any(
        "no answer" in line["error"] for runner in runners for line in runner.lines() if "error" in line
    )


def test_a_server_that_is_about_to_go_takes_no_run(start: Start, metadata: Metadata, tmp_path: Path) -> None:
    """Another does, or the next one that boots."""
    metadata.alone()
    metadata.lifecycle_state = "Terminated"
    (runner,) = start(1, schedule="*/2 * * * * *", timeout=10, takes=200)
    time.sleep(6)  # three due times
    assert runs(tmp_path / "journal") == []
    metadata.lifecycle_state = "InService"
    eventually(lambda: runs(tmp_path / "journal"), within=15)
    assert runner.lines("missed")


def test_no_run_begins_while_another_is_under_way(start: Start, tmp_path: Path) -> None:
    """One that takes longer than the time to the next: what it keeps from running is missed, and said so."""
    runners = start(schedule="*/2 * * * * *", timeout=20, takes=5000)
    eventually(lambda: len(runs(tmp_path / "journal")) >= 3, within=60)
    for runner in runners:
        assert runner.end() == 0
    assert overlapping(runs(tmp_path / "journal")) == []
    assert set(due_times(runners).values()) == {1}
    assert any(runner.lines("missed") for runner in runners)


def test_a_run_that_takes_too_long_is_ended(start: Start, tmp_path: Path) -> None:
    """It is told first."""
    (runner,) = start(1, schedule="*/2 * * * * *", timeout=1, takes=60_000)
    (ended, *_) = eventually(lambda: runner.lines("run ended"), within=30)
    assert (ended["outcome"], ended["level"]) == ("took too long", "error")
    assert runs(tmp_path / "journal")[0].ended is not None


def test_a_server_that_leaves_tells_its_run_and_notes_its_end(
    start: Start, metadata: Metadata, tmp_path: Path
) -> None:
    """The next run need not wait for the lease, and what was interrupted is not run again."""
    metadata.alone()
    (first,) = start(1, schedule="*/2 * * * * *", timeout=300, takes=60_000)
    eventually(lambda: runs(tmp_path / "journal"), within=30)
    assert first.end() == 0
    assert [line["outcome"] for line in first.lines("run ended")] == ["interrupted, code 3"]
    assert runs(tmp_path / "journal")[0].ended is not None
    (second,) = start(1, schedule="*/2 * * * * *", timeout=300, takes=60_000)
    eventually(lambda: second.lines("run begins"), within=15)
    assert set(due_times([first, second]).values()) == {1}


@pytest.mark.long
def test_after_a_holder_is_killed_the_next_waits_for_its_lease(
    start: Start, metadata: Metadata, tmp_path: Path
) -> None:
    """The run of a killed holder goes on, and is over before the lease is."""
    metadata.alone()
    timeout = 4
    runners = start(schedule="*/2 * * * * *", timeout=timeout, takes=60_000)
    (first,) = eventually(lambda: runs(tmp_path / "journal"), within=30)
    (holder,) = [runner for runner in runners if runner.lines("run begins")]
    holder.end(by=signal.SIGKILL)
    os.kill(first.pid, 0)
    second = eventually(lambda: runs(tmp_path / "journal")[1:], within=LEASE_BESIDE_TIMEOUT + 20)[0]
    waited = (second.began - first.began) / 1000
    assert waited >= timeout + LEASE_BESIDE_TIMEOUT - 1, waited
    assert overlapping(runs(tmp_path / "journal")[:2]) == []
    assert set(due_times(runners).values()) == {1}
    assert any(runner.lines("run never ended") for runner in runners)
    with pytest.raises(ProcessLookupError):
        os.kill(first.pid, 0)


def test_a_job_begins_with_the_next_due_time_after_its_first_server(start: Start, tmp_path: Path) -> None:
    """A deployment in the minute after a due time of a new job does not run it late."""
    (runner,) = start(1, schedule="0 0 1 1 *", timeout=1, takes=1)
    time.sleep(3)
    assert (runner.lines(), runs(tmp_path / "journal")) == ([], [])
    assert runner.process.poll() is None
