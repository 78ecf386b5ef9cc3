"""What moto's records of a load balancer ask of HAProxy."""

import hashlib
import os
from pathlib import Path
from typing import Any

from moto.acm.models import acm_backends

from rehearsal.cloud.certificates import CertificateAuthority
from rehearsal.cloud.elbv2.haproxy_config import (
    HaproxyBalancer,
    HaproxyCheck,
    Listener,
    ListenerRule,
    TargetGroup,
    UnsupportedError,
)
from rehearsal.cloud.judge.documented.elbv2 import CONDITIONS
from rehearsal.cloud.secret_files import write_private
from rehearsal.processes import UnprivilegedUser

_IDLE_TIMEOUT = "60"  # an ALB's default, as the next two
_CONFIGS = {field: config for field, config in CONDITIONS.items() if field != "query-string"}


class Certificates:
    """ACM's certificates as files; those that Amazon would issue are signed by the cloud's own authority."""

    def __init__(self, folder: Path, authority: CertificateAuthority, owner: UnprivilegedUser | None) -> None:
        """`folder` is made for them; `owner` can read it, and nobody else."""
        folder.mkdir(mode=0o700)
        if owner:
            os.chown(folder, owner.uid, owner.gid)
        self.folder = folder
        self._authority, self._owner = authority, owner
        self._issued: dict[str, Path] = {}

    def file(self, backend: Any, arn: str) -> Path:
        """Certificate and key in one file that is named by its content."""
        bundle = acm_backends[backend.account_id][backend.region_name].get_certificate(arn)
        if bundle.type == "IMPORTED":
            return self._write(bundle.cert + b"\n" + bundle.key)
        if arn not in self._issued:
            names = list(dict.fromkeys([bundle.common_name, *bundle.sans]))
            issued = self._authority.issue(self.folder, addresses=[], names=names)
            self._issued[arn] = self._write(issued.certificate.read_bytes() + issued.key.read_bytes())
            issued.key.unlink()
        return self._issued[arn]

    def _write(self, pem: bytes) -> Path:
        path = self.folder / f"{hashlib.sha256(pem).hexdigest()[:32]}.pem"
        if not path.exists():
            write_private(path, pem, owner=self._owner)
        return path


def view(backend: Any, balancer: Any, certificates: Certificates, *, check_pace: int) -> HaproxyBalancer:
    """Raises UnsupportedError, naming what the rehearsal's balancer does not do."""
    if balancer.type != "application":
        raise UnsupportedError(f"load balancer type {balancer.type!r}: use 'application'")
    attributes = balancer.attrs
    listeners = tuple(
        _listener(backend, listener, certificates) for listener in list(balancer.listeners.values())
    )
    used = {
        value
        for listener in listeners
        for rule in listener.rules
        for name, value in rule.action
        if name == "TargetGroupArn"
    }
    return HaproxyBalancer(
        address=balancer.dns_name,
        idle_timeout=int(attributes.get("idle_timeout.timeout_seconds", _IDLE_TIMEOUT)),
        drop_invalid_headers=attributes.get("routing.http.drop_invalid_header_fields.enabled") == "true",
        http2=attributes.get("routing.http2.enabled", "true") == "true",
        listeners=listeners,
        target_groups=tuple(
            _target_group(group, check_pace)
            for arn, group in list(backend.target_groups.items())
            if arn in used
        ),
    )


def _listener(backend: Any, listener: Any, certificates: Certificates) -> Listener:
    policy = listener.ssl_policy or ""
    ordered = sorted(listener._non_default_rules.values(), key=lambda rule: int(rule.priority))
    return Listener(
        port=int(listener.port),
        certificate=certificates.file(backend, listener.certificate)
        if listener.protocol == "HTTPS"
        else None,
        minimum_tls="TLSv1.3" if "TLS13-1-3" in policy else "TLSv1.2",
        rules=tuple(_rule(rule) for rule in [*ordered, listener._default_rule[0]]),
    )


def _rule(rule: Any) -> ListenerRule:
    return ListenerRule(
        conditions=tuple(_condition(condition) for condition in rule.conditions),
        action=tuple(sorted(_action(rule.actions[-1].data).items())),
    )


def _condition(condition: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    field = condition["Field"]
    if field not in _CONFIGS:
        raise UnsupportedError(f"a rule's condition {field!r}: use one of {', '.join(_CONFIGS)}")
    config = condition.get(_CONFIGS[field], {})
    values = tuple(condition.get("Values") or config.get("Values") or ())
    if not values:
        raise UnsupportedError(f"a rule's condition {field!r} by regular expressions: give it plain values")
    return (f"{field}:{config['HttpHeaderName']}" if field == "http-header" else field), values


def _action(action: dict[str, Any]) -> dict[str, Any]:
    """Type and details in one flat mapping."""
    match action["Type"]:
        case "forward":
            groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
            weighty = [group for group in groups if int(group.get("Weight", 1)) > 0] or groups[:1]
            if len(weighty) > 1:
                raise UnsupportedError(f"a forward action to {len(weighty)} target groups: forward to one")
            return {"Type": "forward", "TargetGroupArn": weighty[0]["TargetGroupArn"]}
        case "redirect":
            config = action["RedirectConfig"]
            return {"Type": "redirect", **config, "StatusCode": config["StatusCode"].removeprefix("HTTP_")}
        case "fixed-response":
            return {"Type": "fixed-response", **action["FixedResponseConfig"]}
    raise UnsupportedError(f"action {action['Type']!r}: use forward, redirect or fixed-response")


def _target_group(group: Any, check_pace: int) -> TargetGroup:
    if group.protocol != "HTTP":
        raise UnsupportedError(f"target group {group.name}: protocol {group.protocol}; use HTTP")
    return TargetGroup(
        arn=group.arn,
        algorithm=group.attributes["load_balancing.algorithm.type"],
        health_check=HaproxyCheck(
            path=group.health_check_path or "/",
            port=str(group.health_check_port or "traffic-port"),
            interval=max(1, int(group.health_check_interval_seconds) // check_pace),
            timeout=int(group.health_check_timeout_seconds),
            healthy_threshold=int(group.healthy_threshold_count),
            unhealthy_threshold=int(group.unhealthy_threshold_count),
            matcher=group.matcher["HttpCode"],
        ),
    )
