"""What a server needs around it to boot with the kit's own user data, and small releases for it to run."""

import hashlib
import io
import json
import tarfile
from typing import Any

from components.boot import user_data
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.running import TRUST

LOG_GROUP = "servers"
GRANTED = [
    {"Effect": "Allow", "Action": actions, "Resource": "*"}
    for actions in (
        ["s3:GetObject", "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"],
        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        [
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:RecordLifecycleActionHeartbeat",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
        ],
    )
]
"""What the kit's own role grants, of anything."""
WORKER = """
const { createServer } = require("node:http");
const BAD = "%(fault)s";
if (BAD === "crashes") throw new Error("no such module: payments");
const server = createServer((request, response) => {
  response.statusCode = BAD === "never ready" ? 503 : 200;
  response.end();
}).listen(process.env.PORT, process.env.HOST, () => process.send?.("ready"));
console.log("session secret is " + process.env.SESSION_SECRET.length + " long");
process.on("SIGINT", () => {
  if (BAD === "does not leave") return;
  console.log("leaving in order");
  server.close(() => process.exit(0));
});
"""
ECOSYSTEM = """
const script = __dirname + "/worker.js";
module.exports = { apps: [{ name: "app", script, node_args: "--max-old-space-size=64" }] };
"""
# In PM2's place, which the deployment's own tests have: one worker, its output in LOG_DIR, SIGINT at the end.
RUNTIME = """#!/usr/bin/env node
const { spawn } = require("node:child_process");
const { openSync } = require("node:fs");
function start() {
  const [out, err] = ["out", "error"].map((name) => openSync(`${process.env.LOG_DIR}/${name}.log`, "a"));
  const { script } = require(process.argv[3]).apps[0];
  const worker = spawn(process.execPath, [script], { stdio: ["ignore", out, err] });
  process.on("SIGTERM", () => worker.kill("SIGINT"));
  worker.on("exit", (code) => process.exit(code ?? 1));
}
"%(fault)s" === "service ends" ? setTimeout(() => process.exit(3), 1000) : start();
"""


class BootStage:
    """A fleet whose servers boot as the kit's program has them do."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.logs, self.s3 = fleet.cloud.client("logs"), fleet.cloud.client("s3")
        self.logs.create_log_group(logGroupName=LOG_GROUP)
        place = {"LocationConstraint": "eu-central-1"}
        self.s3.create_bucket(Bucket="releases", CreateBucketConfiguration=place)
        self._profile = self._instance_profile()
        secrets = fleet.cloud.client("secretsmanager")
        values = {
            "database": json.dumps(
                {"username": "app", "password": "p", "host": "db", "port": 5432, "dbname": "app"}
            ),
            "redis": json.dumps({"auth_token": "t"}),
            "session": "s" * 40,
        }
        self._secrets = {
            name: secrets.create_secret(Name=name, SecretString=value)["ARN"]
            for name, value in values.items()
        }

    def launch(self, group: str, *, fault: str = "") -> None:
        """A group of one server, which runs a release with that fault."""
        release = self._release(fault)
        digest = hashlib.sha256(release).hexdigest()
        self.s3.put_object(Bucket="releases", Key=digest, Body=release)
        self.fleet.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=group,
            MinSize=1,
            MaxSize=2,
            LaunchTemplate={"LaunchTemplateId": self._template(group, digest), "Version": "1"},
            VPCZoneIdentifier=self.fleet.subnets[0],
            LifecycleHookSpecificationList=[
                _hook("launching", "autoscaling:EC2_INSTANCE_LAUNCHING", default="ABANDON"),
                _hook("terminating", "autoscaling:EC2_INSTANCE_TERMINATING", default="CONTINUE"),
            ],
        )

    def members(self, group: str, state: str = "InService") -> list[str]:
        """Ids of its instances in that state."""
        (described,) = self.fleet.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])[
            "AutoScalingGroups"
        ]
        return [one["InstanceId"] for one in described["Instances"] if one["LifecycleState"] == state]

    def server(self, group: str) -> str:
        """Its server, once it is in service."""
        members: list[str] = eventually(lambda: self.members(group), within=60)
        return members[0]

    def refused(self, group: str) -> str:
        """Its server, once it has abandoned its launch; the group is deleted, and launches no other."""

        def failed() -> list[Any]:
            activities = self.fleet.autoscaling.describe_scaling_activities(AutoScalingGroupName=group)
            return [one for one in activities["Activities"] if one["StatusCode"] == "Failed"]

        description: str = eventually(failed, within=60)[0]["Description"]
        self.fleet.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)
        return description.rsplit(maxsplit=1)[-1]

    def messages(self, instance: str, stream: str) -> list[str]:
        """What its stream `boot` or `app` holds; none before there is one."""
        name = f"{instance}/{stream}"
        streams = self.logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=name)
        if not streams["logStreams"]:
            return []
        events = self.logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=name, startFromHead=True)
        return [event["message"] for event in events["events"]]

    def _release(self, fault: str) -> bytes:
        files = {
            "worker.js": WORKER % {"fault": fault},
            "ecosystem.config.js": ECOSYSTEM,
            "node_modules/.bin/pm2-runtime": RUNTIME % {"fault": fault},
        }
        packed = io.BytesIO()
        with tarfile.open(mode="w:gz", fileobj=packed) as archive:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(text), 0o755
                archive.addfile(entry, io.BytesIO(text.encode()))
        return packed.getvalue()

    def _template(self, group: str, digest: str) -> str:
        data = self.fleet.template_data("")
        data["UserData"] = user_data.pack(user_data.render(self._user_data(group, digest)))
        data["IamInstanceProfile"] = {"Arn": self._profile}
        created = self.fleet.ec2.create_launch_template(LaunchTemplateName=group, LaunchTemplateData=data)
        return str(created["LaunchTemplate"]["LaunchTemplateId"])

    def _user_data(self, group: str, digest: str) -> user_data.UserDataArgs:
        return user_data.UserDataArgs(
            region="eu-central-1",
            auto_scaling_group=group,
            launching_hook="launching",
            terminating_hook="terminating",
            log_group=LOG_GROUP,
            release_bucket="releases",
            release_key=digest,
            release_sha256=digest,
            ecosystem="ecosystem.config.js",
            pm2="node_modules/.bin",
            ca_bundle_url=f"{self.fleet.cloud.endpoint}/_evenkeel/ca.pem",
            database_secret_arn=self._secrets["database"],
            redis_secret_arn=self._secrets["redis"],
            cache_redis_secret_arn=self._secrets["redis"],
            database_endpoint="db.example:5433/app",
            store_variables={"DB_HOST": "database.host"},
            redis_endpoint="redis:6379",
            cache_redis_endpoint="redis:6379",
            port=3000,
            node_major=20,
            ready_timeout=50,
            boot_test_timeout=3,
            stop_timeout=10,
            drained_within=30,
            open_files=4096,
            pm2_concurrent_actions=2,
            environment={"KILL_TIMEOUT_MS": "2000"},
            secrets=[f"SESSION_SECRET {self._secrets['session']} 1"],
            pinned_secret="",
        )

    def _instance_profile(self) -> str:
        iam = self.fleet.cloud.client("iam")
        iam.create_role(RoleName="server", AssumeRolePolicyDocument=TRUST)
        policy = json.dumps({"Version": "2012-10-17", "Statement": GRANTED})
        iam.put_role_policy(RoleName="server", PolicyName="boot", PolicyDocument=policy)
        profile = iam.create_instance_profile(InstanceProfileName="server")["InstanceProfile"]["Arn"]
        iam.add_role_to_instance_profile(InstanceProfileName="server", RoleName="server")
        return str(profile)


def _hook(name: str, transition: str, *, default: str) -> dict[str, Any]:
    return {
        "LifecycleHookName": name,
        "LifecycleTransition": transition,
        "HeartbeatTimeout": 90,
        "DefaultResult": default,
    }
