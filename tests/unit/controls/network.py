"""The VPC, who may talk to whom, and the load balancer."""

from collections.abc import Callable, Iterator

from testkit.registered import Registered
from tests.unit.controls.control import Control, Flip, Inputs, at, each, flip, put

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
DESCRIBED = (
    "aws:ec2/securityGroup:SecurityGroup",
    INGRESS,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"


def in_two_zones(id: str, kind: str, path: str) -> Control:
    """Each of a kind that lies in subnets."""

    def broken(made: Registered) -> Iterator[str]:
        zones = {f"{name}-id": inputs["availabilityZone"] for name, inputs in made.all(SUBNET).items()}
        for name, inputs in made.all(kind).items():
            if len({zones[subnet] for subnet in inputs[path]}) < 2:
                yield name

    def into_one(inputs: Inputs) -> None:
        del inputs[path][1:]

    return Control(id=id, promise="in two zones or more", broken=broken, flips=flip(kind, into_one))


def unlogged(made: Registered) -> Iterator[str]:
    """VPCs of which it is not logged what was refused: all that the control asks for."""
    logged = {one["vpcId"] for one in made.all(FLOW_LOG).values() if one["trafficType"] in ("ALL", "REJECT")}
    yield from (name for name in made.all(VPC) if f"{name}-id" not in logged)


def open_to_the_world(made: Registered) -> Iterator[str]:
    """Rules that let the world in elsewhere than at 80 and 443."""
    for name, inputs in made.all(INGRESS).items():
        world = inputs.get("cidrIpv4") == "0.0.0.0/0" or inputs.get("cidrIpv6") == "::/0"
        web = inputs["ipProtocol"] == "tcp" and inputs["fromPort"] == inputs["toPort"] in (80, 443)
        if world and not web:
            yield name


def undescribed(made: Registered) -> Iterator[str]:
    for kind in DESCRIBED:
        yield from (name for name, inputs in made.all(kind).items() if not inputs.get("description"))


def take_descriptions(made: Registered) -> Iterator[Flip]:
    for kind in DESCRIBED:
        yield from flip(kind, put("description", ""))(made)


def unredirected(made: Registered) -> Iterator[str]:
    """Listeners that answer plain HTTP with more than a redirect."""
    for name, inputs in made.all(LISTENER).items():
        redirects = [at(one, "redirect.protocol") == "HTTPS" for one in inputs["defaultActions"]]
        if inputs["protocol"] == "HTTP" and redirects != [True]:
            yield name


def ending(suffix: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(suffix)


NETWORK = (
    each("EC2.2", "nothing comes in by default", DEFAULT_GROUP, "ingress", [], [{"protocol": "-1"}]),
    each("EC2.2 egress", "nothing goes out by default", DEFAULT_GROUP, "egress", [], [{"protocol": "-1"}]),
    Control(
        id="EC2.6", promise="flow logs", broken=unlogged, flips=flip(FLOW_LOG, put("trafficType", "ACCEPT"))
    ),
    each("EC2.15", "no automatic public address", SUBNET, "mapPublicIpOnLaunch", False, True),
    Control(
        id="EC2.18, EC2.19",
        promise="the world comes in at 80 and 443 only",
        broken=open_to_the_world,
        flips=flip(INGRESS, put("toPort", 8080), only=ending("-world")),
    ),
    Control(id="descriptions", promise="of each group and rule", broken=undescribed, flips=take_descriptions),
    Control(
        id="ELB.1",
        promise="HTTP is redirected",
        broken=unredirected,
        flips=flip(LISTENER, put("defaultActions", [{"type": "forward"}]), only=ending("-http")),
    ),
    each("ELB.4", "invalid headers are dropped", BALANCER, "dropInvalidHeaderFields", True, False),
    each("ELB.5", "access logs", BALANCER, "accessLogs.enabled", True, False),
    each("ELB.6", "deletion protection", BALANCER, "enableDeletionProtection", True, False),
    each("ELB.12", "desync mitigation", BALANCER, "desyncMitigationMode", "defensive", "monitor"),
    in_two_zones("ELB.13", BALANCER, "subnets"),
    each(
        "ELB.17, ELB.18",
        "TLS of today",
        LISTENER,
        "sslPolicy",
        lambda one: one.startswith("ELBSecurityPolicy-TLS13-1-"),
        "ELBSecurityPolicy-2016-08",
        only=ending("-https"),
    ),
    each("deregistration delay", "bounded", TARGETS, "deregistrationDelay", lambda one: one <= 300, 3600),
)
