"""Elastic Load Balancing."""

from rehearsal.cloud.judge.documented.rule import Check, Members, ValueRule, holds, matches

_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
_BALANCER_ATTRIBUTES: dict[str, tuple[int, int] | None] = {
    "idle_timeout.timeout_seconds": (1, 4000),
    "client_keep_alive.seconds": (60, 604800),
    **dict.fromkeys(
        (
            *("deletion_protection.enabled", "load_balancing.cross_zone.enabled", "access_logs.s3.enabled"),
            *("access_logs.s3.bucket", "access_logs.s3.prefix", "ipv6.deny_all_igw_traffic"),
            *("connection_logs.s3.enabled", "connection_logs.s3.bucket", "connection_logs.s3.prefix"),
            *("health_check_logs.s3.enabled", "health_check_logs.s3.bucket", "health_check_logs.s3.prefix"),
            *("routing.http.desync_mitigation_mode", "routing.http.drop_invalid_header_fields.enabled"),
            *("routing.http.preserve_host_header.enabled", "routing.http.xff_client_port.enabled"),
            *("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "routing.http2.enabled"),
            *(
                "routing.http.xff_header_processing.mode",
                "waf.fail_open.enabled",
                "zonal_shift.config.enabled",
            ),
            *("dns_record.client_routing_policy", "secondary_ips.auto_assigned.per_subnet"),
        )
    ),
}
_TARGET_GROUP_ATTRIBUTES: dict[str, tuple[int, int] | None] = {
    "deregistration_delay.timeout_seconds": (0, 3600),
    "slow_start.duration_seconds": (0, 900),
    "stickiness.lb_cookie.duration_seconds": (1, 604800),
    "stickiness.app_cookie.duration_seconds": (1, 604800),
    **dict.fromkeys(
        (
            *("stickiness.enabled", "stickiness.type", "stickiness.app_cookie.cookie_name"),
            *("load_balancing.cross_zone.enabled", "load_balancing.algorithm.type"),
            *("load_balancing.algorithm.anomaly_mitigation", "lambda.multi_value_headers.enabled"),
            *("target_group_health.dns_failover.minimum_healthy_targets.count",),
            *("target_group_health.dns_failover.minimum_healthy_targets.percentage",),
            *("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",),
            *("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",),
            *("deregistration_delay.connection_termination.enabled", "preserve_client_ip.enabled"),
            *("proxy_protocol_v2.enabled", "target_failover.on_deregistration"),
            *("target_failover.on_unhealthy", "target_health_state.unhealthy.connection_termination.enabled"),
            *("target_health_state.unhealthy.draining_interval_seconds",),
        )
    ),
}
_ACTIONS = (("CreateListener ModifyListener", "DefaultActions"), ("CreateRule ModifyRule", "Actions"))


def _has_two_subnets(members: Members) -> bool:
    subnets = members.get("Subnets") or members.get("SubnetMappings") or []
    return members.get("Type", "application") != "application" or len(subnets) >= 2


def _is_http_code(text: str) -> bool:
    codes = [code for part in text.split(",") for code in part.split("-")]
    return all(code.isdecimal() and 200 <= int(code) <= 499 for code in codes)


def _timeout_fits(members: Members) -> bool:
    interval, timeout = members.get("HealthCheckIntervalSeconds"), members.get("HealthCheckTimeoutSeconds")
    return interval is None or timeout is None or timeout < interval


def _is_attribute(ranges: dict[str, tuple[int, int] | None]) -> Check:
    """A pair of `Key` and `Value`: a key that is known, and a number in its range."""

    def wrong(pair: Members) -> str | None:
        key, value = pair.get("Key", ""), pair.get("Value", "")
        if key not in ranges:
            return f"Attribute key '{key}' is not recognized"
        limits = ranges[key]
        if limits and not (value.isdecimal() and limits[0] <= int(value) <= limits[1]):
            return f"Attribute '{key}' must be {limits[0]} to {limits[1]}, and is '{value}'"
        return None

    return wrong


def _is_complete(action: Members) -> bool:
    """Whether an action has what its type needs."""
    match action.get("Type"):
        case "forward":
            groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
            return all(group.get("TargetGroupArn") for group in groups)
        case "redirect":
            return bool(action.get("RedirectConfig", {}).get("StatusCode"))
        case "fixed-response":
            return bool(action.get("FixedResponseConfig", {}).get("StatusCode"))
    return True


CONDITIONS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
"""The fields of a rule's condition, each with the member that has its values."""


def _is_condition(condition: Members) -> str | None:
    """A field that there is, with its values; a header has a name too."""
    field = condition.get("Field", "")
    if field not in CONDITIONS:
        return f"Condition field '{field}' must be one of '[{', '.join(CONDITIONS)}]'"
    config = condition.get(CONDITIONS[field], {})
    if not (condition.get("Values") or config.get("Values") or config.get("RegexValues")):
        return "A condition value must be specified"
    if field == "http-header" and not config.get("HttpHeaderName"):
        return "An HTTP header name must be specified"
    return None


ELASTIC_LOAD_BALANCING = (
    ValueRule(
        operations="elbv2 CreateRule ModifyRule",
        member="Conditions.*",
        check=_is_condition,
        page=f"{_ELB}/API_RuleCondition.html",
    ),
    *(
        ValueRule(
            operations=f"elbv2 {operations}",
            member=actions,
            check=holds(bool, "At least one action must be specified"),
            page=f"{_ELB}/API_CreateListener.html",
        )
        for operations, actions in _ACTIONS
    ),
    *(
        ValueRule(
            operations=f"elbv2 {operations}",
            member=f"{actions}.*",
            check=holds(
                _is_complete,
                "A forward action needs its target groups, a redirect and a fixed response their status code",
            ),
            page=f"{_ELB}/API_Action.html",
        )
        for operations, actions in _ACTIONS
    ),
    ValueRule(
        operations="elbv2 CreateLoadBalancer",
        member="Name",
        check=matches(
            r"(?!internal-)(?!-)[a-zA-Z0-9-]{1,32}(?<!-)",
            "The name can have 32 letters, digits and hyphens, and not begin with internal-",
        ),
        page=f"{_ELB}/API_CreateLoadBalancer.html",
    ),
    ValueRule(
        operations="elbv2 CreateTargetGroup",
        member="Name",
        check=matches(r"(?!-)[a-zA-Z0-9-]{1,32}(?<!-)", "The name can have 32 letters, digits and hyphens"),
        page=f"{_ELB}/API_CreateTargetGroup.html",
    ),
    ValueRule(
        operations="elbv2 CreateLoadBalancer",
        check=holds(
            _has_two_subnets, "At least two subnets in two different Availability Zones must be specified"
        ),
        page=f"{_ELB}/API_CreateLoadBalancer.html",
    ),
    ValueRule(
        operations="elbv2 ModifyLoadBalancerAttributes",
        member="Attributes.*",
        check=_is_attribute(_BALANCER_ATTRIBUTES),
        page=f"{_ELB}/API_LoadBalancerAttribute.html",
    ),
    ValueRule(
        operations="elbv2 ModifyTargetGroupAttributes",
        member="Attributes.*",
        check=_is_attribute(_TARGET_GROUP_ATTRIBUTES),
        page=f"{_ELB}/API_TargetGroupAttribute.html",
    ),
    ValueRule(
        operations="elbv2 CreateTargetGroup ModifyTargetGroup",
        member="Matcher.HttpCode",
        check=holds(_is_http_code, "Health check matcher HTTP code must be within 200 to 499"),
        page=f"{_ELB}/API_Matcher.html",
    ),
    ValueRule(
        operations="elbv2 CreateTargetGroup ModifyTargetGroup",
        check=holds(_timeout_fits, "The health check timeout must be smaller than the interval"),
        page=f"{_ELB}/API_CreateTargetGroup.html",
    ),
)
