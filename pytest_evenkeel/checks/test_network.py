"""What can reach a server, and what it can be trusted to know."""

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.survey import Question

# A line that sees what /etc/environment holds.
ENVIRONMENT = "set -a; . /etc/environment; set +a;"
IMDS = "${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest"
METADATA = Question(
    f"{ENVIRONMENT} curl --silent --output /dev/null --write-out '%{{http_code}}' {IMDS}/meta-data/"
)
LISTENING = Question("ss --no-header --tcp --listening --numeric --processes")
APPS = Question("pgrep --euid app")
"""Processes of the app's user."""
ASK_AWS = """
const region = process.env.AWS_REGION;
const url = process.env.AWS_ENDPOINT_URL || `https://s3.${region}.amazonaws.com`;
(async () => {
  const before = Date.now();
  const answer = await fetch(url, { redirect: "manual" });
  console.log(JSON.stringify([before, Date.parse(answer.headers.get("date")), Date.now()]));
})();
"""
CLOCK = Question(f"{ENVIRONMENT} . /etc/evenkeel/boot.env; export AWS_REGION; node -e %s", [ASK_AWS])
"""Asks AWS what time it is: the server's clock before, AWS', the server's after, ms."""
CHRONY = Question("if command -v chronyc >/dev/null; then chronyc -c tracking; fi")
CLOCK_MS = 1000
"""AWS refuses requests signed by a clock that is 5 minutes wrong; logs and sessions want better."""


def test_no_process_listens_on_tcp_but_the_app(server: ServingInstance) -> None:
    """Nothing that another machine could talk to, no sshd either: SSM asks from inside.

    UDP, which DHCP needs, is left to the security groups.
    """
    listening = [line for line in server.told(LISTENING).splitlines() if "users:" in line]
    if ipaddress.ip_address(server.address[0]).is_loopback:
        # In rehearsal it is the server's only loopback address too, where the app may listen as it likes.
        own = {int(pid) for pid in server.told(APPS).split()}
        listening = [line for line in listening if port(line) == server.address[1] or not pids(line) <= own]
    reachable = {port(line) for line in listening if is_reachable(address(line), server.address[0])}
    assert reachable == {server.address[1]}


def test_nobody_may_connect_but_to_the_apps_port(server: ServingInstance, aws: Callable[[str], Any]) -> None:
    """By the server's security groups, and only from other security groups."""
    groups = [group["GroupId"] for group in instance(server, aws)["SecurityGroups"]]
    rules = aws("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": groups}])
    incoming = [rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]
    served = server.address[1]
    assert {(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in incoming} == {
        ("tcp", served, served)
    }
    assert all(rule.get("ReferencedGroupInfo") for rule in incoming)


def test_instance_metadata_wants_a_token(server: ServingInstance, aws: Callable[[str], Any]) -> None:
    """IMDSv2 only, one hop far: a request that someone tricks the app into gets nothing."""
    options = instance(server, aws)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
    assert server.told(METADATA) == "401"


def test_the_clock_is_right(server: ServingInstance) -> None:
    """To a second, as AWS sees it; and where chrony is installed, it is synchronised."""
    before, aws_time, after = json.loads(server.told(CLOCK))
    # A Date header is cut to the second.
    assert before - 1000 - CLOCK_MS < aws_time < after + CLOCK_MS
    assert server.told(CHRONY) == "" or server.told(CHRONY).endswith(",Normal")


def instance(server: ServingInstance, aws: Callable[[str], Any]) -> dict[str, Any]:
    """The server as EC2 describes it."""
    described = aws("ec2").describe_instances(InstanceIds=[server.id])
    found: dict[str, Any] = described["Reservations"][0]["Instances"][0]
    return found


def address(listener: str) -> str:
    """Of a line that ss prints."""
    return listener.split()[3].rsplit(":", 1)[0]


def port(listener: str) -> int:
    """Of a line that ss prints."""
    return int(listener.split()[3].rsplit(":", 1)[1])


def pids(listener: str) -> set[int]:
    """The processes of a line that ss prints."""
    return {int(pid) for pid in re.findall(r"pid=(\d+)", listener)}


def is_reachable(address: str, host: str) -> bool:
    """Whether another machine can reach a listener. In rehearsal a server's own address is on loopback."""
    bare = address.strip("[]").split("%")[0].replace("*", "::")
    return bare == host or not ipaddress.ip_address(bare).is_loopback
