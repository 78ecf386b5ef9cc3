"""An application load balancer as HAProxy's configuration. Pure.

By https://docs.aws.amazon.com/elasticloadbalancing/latest/application/ an ALB connects within 10 s, keeps
connections to targets and shares them between clients. Whether it ever sends a request twice is not said
there; this one does not, so that no failure is hidden.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOCKET = "admin.sock"
"""The runtime API's socket, in the folder that HAProxy runs in."""


class UnsupportedError(ValueError):
    """A listener, rule or target group asks for what the rehearsal's balancer does not do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HaproxyCheck:
    """A target group's; times in seconds. `matcher` is ELBv2's list of codes and ranges."""

    path: str
    port: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str

    @property
    def options(self) -> str:
        """Of a server line, static or added at run time."""
        port = "" if self.port == "traffic-port" else f" port {self.port}"
        return (
            f"check{port} inter {self.interval}s fall {self.unhealthy_threshold}"
            f" rise {self.healthy_threshold} pool-purge-delay 1s"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetGroup:
    """A backend."""

    arn: str
    algorithm: str
    health_check: HaproxyCheck

    @property
    def backend(self) -> str:
        """HAProxy's name for it."""
        return backend_name(self.arn)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenerRule:
    """Which requests, and what becomes of them: conditions and action as the API has them."""

    conditions: tuple[tuple[str, tuple[str, ...]], ...]
    """(field, values) all of which must hold; of the values, one. `http-header:Name` names a header."""
    action: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """A frontend; the last rule is the default one."""

    port: int
    certificate: Path | None
    """A PEM file of certificate and key, for HTTPS."""
    minimum_tls: str
    rules: tuple[ListenerRule, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HaproxyBalancer:
    """All but the targets, which come and go without a reload."""

    address: str
    idle_timeout: int
    drop_invalid_headers: bool
    http2: bool
    listeners: tuple[Listener, ...]
    target_groups: tuple[TargetGroup, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerLine:
    """A target that is known when the configuration is written."""

    name: str
    where: str
    weight: int


def backend_name(target_group_arn: str) -> str:
    """HAProxy's name for a target group: its own and the random part of its ARN."""
    return "-".join(target_group_arn.split("/")[-2:])


def render(balancer: HaproxyBalancer, servers: Mapping[str, Sequence[ServerLine]], *, generation: int) -> str:
    """The configuration file; `servers` by target group's ARN. `show info` tells the generation."""
    return "\n".join(
        [
            *_global(generation),
            *_defaults(balancer),
            *(line for listener in balancer.listeners for line in _frontend(balancer, listener)),
            *(line for group in balancer.target_groups for line in _backend(group, servers[group.arn])),
            "",
        ]
    )


def _global(generation: int) -> Iterable[str]:
    return (
        "global",
        f"  description {generation}",
        f"  stats socket unix@{SOCKET} mode 600 level admin expose-fd listeners",
        "  log stdout format timed daemon",
    )


def _defaults(balancer: HaproxyBalancer) -> Iterable[str]:
    return (
        "defaults",
        "  mode http",
        # What failed, and at which step: `make logs` shows it.
        "  log global",
        "  option httplog",
        "  option dontlog-normal",
        "  retries 0",
        "  http-reuse always",
        "  option idle-close-on-response",
        "  timeout connect 10s",
        f"  timeout client {balancer.idle_timeout}s",
        f"  timeout server {balancer.idle_timeout}s",
    )


def _frontend(balancer: HaproxyBalancer, listener: Listener) -> Iterable[str]:
    yield f"frontend listener-{listener.port}"
    yield f"  bind {balancer.address}:{listener.port}{_tls(balancer, listener)}"
    if balancer.drop_invalid_headers:
        yield "  http-request del-header [^-A-Za-z0-9] -m reg"
    found = "{ req.fhdr(X-Forwarded-For) -m found }"
    yield f'  http-request set-header X-Forwarded-For "%[req.fhdr(X-Forwarded-For)], %[src]" if {found}'
    yield f"  http-request set-header X-Forwarded-For %[src] unless {found}"
    yield f"  http-request set-header X-Forwarded-Proto {'https' if listener.certificate else 'http'}"
    yield f"  http-request set-header X-Forwarded-Port {listener.port}"
    # The first rule that holds is remembered, since `use_backend` comes after every `http-request`.
    for number, rule in enumerate(listener.rules):
        conditions = [
            *(_condition(*condition) for condition in rule.conditions),
            "!{ var(txn.rule) -m found }",
        ]
        yield f"  http-request set-var(txn.rule) int({number}) if {' '.join(conditions)}"
    for number, rule in enumerate(listener.rules):
        yield f"  {_action(listener, dict(rule.action))} if {{ var(txn.rule) -m int {number} }}"


def _tls(balancer: HaproxyBalancer, listener: Listener) -> str:
    if listener.certificate is None:
        return ""
    protocols = "h2,http/1.1" if balancer.http2 else "http/1.1"
    return (
        f" ssl crt {_quoted(str(listener.certificate))} alpn {protocols} ssl-min-ver {listener.minimum_tls}"
    )


def _condition(field: str, values: Sequence[str]) -> str:
    patterns = " ".join(_quoted(_regular_expression(value)) for value in values)
    name, _, header = field.partition(":")
    match name:
        case "path-pattern":
            return f"{{ path -m reg {patterns} }}"
        case "host-header":
            return f"{{ req.hdr(host),field(1,:),lower -m reg -i {patterns} }}"
        case "http-header":
            return f"{{ req.fhdr({header}) -m reg -i {patterns} }}"
        case "http-request-method":
            return f"{{ method {' '.join(values)} }}"
        case "source-ip":
            return f"{{ src {' '.join(values)} }}"
    raise UnsupportedError(f"a rule's condition {field!r}: the rehearsal's balancer has no such condition")


def _regular_expression(pattern: str) -> str:
    """ELBv2's wildcards: `*` for any characters, `?` for one."""
    wildcards = {"*": ".*", "?": "."}
    return "^" + "".join(wildcards.get(character) or re.escape(character) for character in pattern) + "$"


def _action(listener: Listener, action: dict[str, Any]) -> str:
    match action["Type"]:
        case "forward":
            return f"use_backend {backend_name(action['TargetGroupArn'])}"
        case "redirect":
            return f"http-request redirect code {action['StatusCode']} location {_location(listener, action)}"
        case "fixed-response":
            body = f" string {_quoted(action['MessageBody'])}" if action.get("MessageBody") else ""
            kind = action.get("ContentType") or "text/plain"
            return f"http-request return status {action['StatusCode']} content-type {kind}{body}"
    raise UnsupportedError(f"action {action['Type']!r}: use forward, redirect or fixed-response")


def _location(listener: Listener, action: dict[str, Any]) -> str:
    """ELBv2's `#{…}` placeholders as HAProxy's expressions."""
    protocol = "https" if listener.certificate else "http"
    expressions = {
        "protocol": protocol,
        "host": "%[req.hdr(host),field(1,:)]",
        "port": str(listener.port),
        "path": "%[path,regsub(^/,)]",
        "query": "%[query]",
    }

    def filled(part: str, default: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda name: expressions[name[1]], action.get(part) or default)

    host = f"{filled('Host', '#{host}')}:{filled('Port', '#{port}')}"
    origin = f"{filled('Protocol', '#{protocol}').lower()}://{host}"
    if action.get("Path", "/#{path}") == "/#{path}" and action.get("Query", "#{query}") == "#{query}":
        return f'"{origin}%[pathq]"'
    query = filled("Query", "") if "Query" in action else "%[query]"
    return f'"{origin}{filled("Path", "/#{path}")}{query and "?" + query}"'


def _backend(group: TargetGroup, servers: Sequence[ServerLine]) -> Iterable[str]:
    check = group.health_check
    yield f"backend {group.backend}"
    yield f"  balance {'leastconn' if group.algorithm == 'least_outstanding_requests' else 'roundrobin'}"
    yield f"  timeout check {check.timeout}s"
    yield "  option httpchk"
    yield (
        f"  http-check send meth GET uri {_quoted(check.path)} ver HTTP/1.1"
        " hdr Host health-check hdr User-Agent ELB-HealthChecker/2.0"
    )
    yield f"  http-check expect status {check.matcher}"
    for server in servers:
        yield f"  server {server.name} {server.where} weight {server.weight} {check.options}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    return f'"{escaped}"'
