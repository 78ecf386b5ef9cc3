"""A load balancer as a configuration that HAProxy itself accepts."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cloud.elbv2.haproxy_config import (
    HaproxyBalancer,
    HaproxyCheck,
    Listener,
    ListenerRule,
    ServerLine,
    TargetGroup,
    UnsupportedError,
    render,
)

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/app/0123456789abcdef"
CHECK = HaproxyCheck(
    path="/readyz",
    port="traffic-port",
    interval=5,
    timeout=4,
    healthy_threshold=2,
    unhealthy_threshold=3,
    matcher="200-299,404",
)
FORWARD = ListenerRule(conditions=(), action=(("TargetGroupArn", ARN), ("Type", "forward")))
BALANCER = HaproxyBalancer(
    address="127.1.0.9",
    idle_timeout=60,
    drop_invalid_headers=True,
    http2=True,
    listeners=(Listener(port=8080, certificate=None, minimum_tls="TLSv1.2", rules=(FORWARD,)),),
    target_groups=(TargetGroup(arn=ARN, algorithm="round_robin", health_check=CHECK),),
)
SERVERS = {ARN: [ServerLine(name="i-1.1", where="127.1.0.2:3000", weight=100)]}


def rules(*given: ListenerRule) -> HaproxyBalancer:
    """The balancer with these rules before its default one."""
    listener = replace(BALANCER.listeners[0], rules=(*given, FORWARD))
    return replace(BALANCER, listeners=(listener,))


def action(**given: Any) -> ListenerRule:
    """A rule for `/old*` with this action."""
    return ListenerRule(conditions=(("path-pattern", ("/old*",)),), action=tuple(sorted(given.items())))


def lines(balancer: HaproxyBalancer) -> list[str]:
    """The configuration's lines, after HAProxy has accepted it."""
    text = render(balancer, SERVERS, generation=1)
    checked = subprocess.run(
        ["haproxy", "-c", "-f", "/dev/stdin"], input=text, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    return [line.strip() for line in text.splitlines()]


def test_a_target_group_is_a_backend_with_its_health_check() -> None:
    """Path, codes, interval and both thresholds; no request is sent twice."""
    written = lines(BALANCER)
    assert "retries 0" in written
    assert "http-check expect status 200-299,404" in written
    assert (
        "server i-1.1 127.1.0.2:3000 weight 100 check inter 5s fall 3 rise 2 pool-purge-delay 1s" in written
    )
    assert "timeout check 4s" in written
    assert "use_backend app-0123456789abcdef if { var(txn.rule) -m int 0 }" in written


def test_invalid_header_names_are_dropped_when_that_is_set() -> None:
    """The attribute is routing.http.drop_invalid_header_fields.enabled."""
    line = "http-request del-header [^-A-Za-z0-9] -m reg"
    assert line in lines(BALANCER)
    assert line not in lines(replace(BALANCER, drop_invalid_headers=False))


def test_http_is_redirected_keeping_host_path_and_query() -> None:
    """The redirect of ELB.1."""
    redirect = action(Type="redirect", Protocol="HTTPS", Port="443", StatusCode="301")
    assert (
        'http-request redirect code 301 location "https://%[req.hdr(host),field(1,:)]:443%[pathq]"'
        " if { var(txn.rule) -m int 0 }"
    ) in lines(rules(redirect))


def test_a_fixed_response_is_answered_by_the_balancer() -> None:
    """Status, type and body."""
    fixed = action(
        Type="fixed-response", StatusCode="503", ContentType="application/json", MessageBody='{"a": "$b"}'
    )
    assert (
        'http-request return status 503 content-type application/json string "{\\"a\\": \\"\\$b\\"}"'
        " if { var(txn.rule) -m int 0 }"
    ) in lines(rules(fixed))


def test_the_first_rule_that_holds_decides() -> None:
    """A later forward does not overtake an earlier one, nor a redirect a forward."""
    written = lines(rules(replace(FORWARD, conditions=(("http-request-method", ("GET", "HEAD")),))))
    assert (
        "http-request set-var(txn.rule) int(0) if { method GET HEAD } !{ var(txn.rule) -m found }" in written
    )
    assert "http-request set-var(txn.rule) int(1) if !{ var(txn.rule) -m found }" in written


@pytest.mark.parametrize(
    ("condition", "expression"),
    [
        (("path-pattern", ("/a?/*.png",)), r'{ path -m reg "^/a./.*\\.png\$" }'),
        (("host-header", ("*.example.org", "a.org")), '"^.*\\\\.example\\\\.org\\$" "^a\\\\.org\\$" }'),
        (("http-header:X-Kind", ("b*",)), '{ req.fhdr(X-Kind) -m reg -i "^b.*\\$" }'),
        (("source-ip", ("10.0.0.0/8",)), "{ src 10.0.0.0/8 }"),
    ],
)
def test_conditions_become_expressions(condition: tuple[str, tuple[str, ...]], expression: str) -> None:
    """With ELBv2's two wildcards, and everything else literally."""
    written = lines(rules(replace(FORWARD, conditions=(condition,))))
    assert expression in next(line for line in written if "int(0)" in line)


def test_what_the_balancer_does_not_do_is_refused() -> None:
    """By the name that the API gives it."""
    with pytest.raises(UnsupportedError, match=r"^action 'authenticate-oidc': use forward, redirect or"):
        render(rules(action(Type="authenticate-oidc")), SERVERS, generation=1)
    odd = replace(FORWARD, conditions=(("query-string", ("a",)),))
    with pytest.raises(UnsupportedError, match=r"^a rule's condition 'query-string'"):
        render(rules(odd), SERVERS, generation=1)


def test_https_offers_no_protocol_below_the_policys() -> None:
    """Certificate and key in one file; HTTP/2 unless it is switched off."""
    listener = Listener(port=8443, certificate=Path("/x/y.pem"), minimum_tls="TLSv1.3", rules=(FORWARD,))
    text = render(replace(BALANCER, listeners=(listener,)), SERVERS, generation=1)
    assert '  bind 127.1.0.9:8443 ssl crt "/x/y.pem" alpn h2,http/1.1 ssl-min-ver TLSv1.3\n' in text
