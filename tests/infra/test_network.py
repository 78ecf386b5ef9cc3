"""What can reach a server, and what it can be trusted to know."""

import ipaddress
from collections.abc import Callable
from typing import Any

from tests.infra.own_app import METRICS_PORT
from tests.infra.server import ServingInstance
from tests.infra.stack import Stack

IMDS = "${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest"
CLOCK = """
const url = process.env.AWS_ENDPOINT_URL || `https://s3.${process.argv[1]}.amazonaws.com`;
(async () => {
  const before = Date.now();
  const answer = await fetch(url, { redirect: "manual" });
  console.log(JSON.stringify([before, Date.parse(answer.headers.get("date")), Date.now()]));
})();
"""
"""Asks AWS what time it is: the server's clock before, AWS', the server's after, ms."""
CLOCK_MS = 1000
"""AWS refuses requests signed by a clock that is 5 minutes wrong; logs and sessions want better."""


def test_no_process_listens_on_tcp_but_the_app(server: ServingInstance) -> None:
    """Nothing that another machine could talk to, no sshd either: SSM asks from inside.

    UDP, which DHCP needs, is left to the security groups.
    """
    listening = server.host.check_output("ss --no-header --tcp --listening --numeric --processes")
    own = [line.split()[3].rsplit(":", 1) for line in listening.splitlines() if "users:" in line]
    open_ports = {int(port) for address, port in own if reachable(address, server.address[0])}
    if ipaddress.ip_address(server.address[0]).is_loopback:
        # In rehearsal it is also the server's only loopback address of its own, where its metrics are.
        open_ports -= set(range(METRICS_PORT - 1, METRICS_PORT + len(server.workers)))
    assert open_ports == {server.address[1]}


def test_nobody_may_connect_but_to_the_apps_port(server: ServingInstance, aws: Callable[[str], Any]) -> None:
    """By the server's security groups, and only from other security groups."""
    groups = [group["GroupId"] for group in instance(server, aws)["SecurityGroups"]]
    rules = aws("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": groups}])
    incoming = [rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]
    port = server.address[1]
    assert {(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in incoming} == {
        ("tcp", port, port)
    }
    assert all(rule.get("ReferencedGroupInfo") for rule in incoming)


def test_instance_metadata_wants_a_token(server: ServingInstance, aws: Callable[[str], Any]) -> None:
    """IMDSv2 only, one hop far: a request that someone tricks the app into gets nothing."""
    options = instance(server, aws)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
    asked = f"curl --silent --output /dev/null --write-out '%{{http_code}}' {IMDS}/meta-data/instance-id"
    assert server.host.check_output(environment(asked)) == "401"


def test_the_clock_is_right(server: ServingInstance, stack: Stack) -> None:
    """To a second, as AWS sees it; and where chrony is installed, it is synchronised."""
    asked = server.host.check_output(
        environment("node -e %s %s; command -v chronyc || true"), CLOCK, stack.region
    )
    clock, *chrony = asked.splitlines()
    before, aws_time, after = (int(part) for part in clock.strip("[]").split(","))
    # A Date header is cut to the second.
    assert before - 1000 - CLOCK_MS < aws_time < after + CLOCK_MS
    if chrony:
        assert server.host.check_output("chronyc -c tracking").endswith(",Normal")


def environment(line: str) -> str:
    """A line that sees what /etc/environment holds."""
    return f"set -a; . /etc/environment; set +a; {line}"


def instance(server: ServingInstance, aws: Callable[[str], Any]) -> dict[str, Any]:
    """The server as EC2 describes it."""
    described = aws("ec2").describe_instances(InstanceIds=[server.id])
    found: dict[str, Any] = described["Reservations"][0]["Instances"][0]
    return found


def reachable(address: str, host: str) -> bool:
    """Whether another machine can reach a listener. In rehearsal a server's own address is on loopback."""
    bare = address.strip("[]").split("%")[0].replace("*", "::")
    return bare == host or not ipaddress.ip_address(bare).is_loopback
