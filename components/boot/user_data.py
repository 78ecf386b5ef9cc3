"""User data of a server: a `#cloud-config` of `write_files` and `runcmd` only, with no secret in it.

The files beside this module go onto the server as they are; what differs between stacks is in small ones:
`boot.env` (what boot.sh and lifecycle.sh need), `app.public.env` (the app's settings that are no secret) and
a systemd drop-in with the shutdown budget.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

# Before it is base64-encoded. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
MAX_BYTES = 16 * 1024

AGENT_FILES = {
    "/var/log/evenkeel-boot.log": "boot",
    "/var/log/app/out.log": "app",
    "/var/log/app/error.log": "app",
}
"""Files of a server that the CloudWatch agent sends, and the stream of each."""


class UserDataError(ValueError):
    """A server's settings can't be handed over in user data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserDataArgs:
    """What one server is told. Times are seconds, endpoints `host:port`; a `…_secret_arn` is only a name."""

    region: str
    auto_scaling_group: str
    launching_hook: str
    terminating_hook: str
    log_group: str
    release_bucket: str
    release_key: str
    release_sha256: str
    ca_bundle_url: str
    database_secret_arn: str
    redis_secret_arn: str
    cache_redis_secret_arn: str
    session_secret_arn: str
    redis_endpoint: str
    cache_redis_endpoint: str
    port: int
    node_major: int
    ready_timeout: int
    stop_timeout: int
    pm2_concurrent_actions: int
    open_files: int
    environment: Mapping[str, str]


def render(args: UserDataArgs) -> str:
    """The `#cloud-config`. Raises UserDataError for a value that can't be passed on, or too much of it."""
    files = [
        _file("/opt/evenkeel/boot.sh", _read("boot.sh"), mode="0755"),
        _file("/opt/evenkeel/app_env.cjs", _read("app_env.cjs")),
        _file("/opt/evenkeel/imds.sh", _read("imds.sh")),
        _file("/opt/evenkeel/lifecycle.sh", _read("lifecycle.sh"), mode="0755"),
        _file("/etc/systemd/system/app.service", _read("app.service")),
        _file(
            "/etc/systemd/system/app.service.d/budget.conf",
            _budget(args),
        ),
        _file("/etc/systemd/system/lifecycle.service", _read("lifecycle.service")),
        _file("/etc/evenkeel/boot.env", _boot_env(args)),
        _file("/etc/evenkeel/app.public.env", _app_env(args.environment)),
        _file("/etc/evenkeel/cloudwatch-agent.json", _agent_config(args.log_group)),
    ]
    config = {"write_files": files, "runcmd": [["/opt/evenkeel/boot.sh"]]}
    document = "#cloud-config\n" + yaml.dump(config, Dumper=_Dumper, sort_keys=False, width=1000)
    if (size := len(document.encode())) > MAX_BYTES:
        raise UserDataError(
            f"user data has {size} bytes and AWS takes {MAX_BYTES}: the app's environment has"
            f" {len(_app_env(args.environment))} of them; move settings into the release or a secret."
        )
    return document


def _boot_env(args: UserDataArgs) -> str:
    variables = {
        "AWS_REGION": args.region,
        "AWS_DEFAULT_REGION": args.region,
        "AUTO_SCALING_GROUP": args.auto_scaling_group,
        "LAUNCHING_HOOK": args.launching_hook,
        "TERMINATING_HOOK": args.terminating_hook,
        "LOG_GROUP": args.log_group,
        "RELEASE_BUCKET": args.release_bucket,
        "RELEASE_KEY": args.release_key,
        "RELEASE_SHA256": args.release_sha256,
        "CA_BUNDLE_URL": args.ca_bundle_url,
        "DATABASE_SECRET_ARN": args.database_secret_arn,
        "REDIS_SECRET_ARN": args.redis_secret_arn,
        "CACHE_REDIS_SECRET_ARN": args.cache_redis_secret_arn,
        "SESSION_SECRET_ARN": args.session_secret_arn,
        "REDIS_ENDPOINT": args.redis_endpoint,
        "CACHE_REDIS_ENDPOINT": args.cache_redis_endpoint,
        "APP_PORT": str(args.port),
        "NODE_MAJOR": str(args.node_major),
        "READY_TIMEOUT": str(args.ready_timeout),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def _budget(args: UserDataArgs) -> str:
    """The drop-in of app.service."""
    return (
        "[Service]\n"
        f"Environment=PM2_CONCURRENT_ACTIONS={args.pm2_concurrent_actions}\n"
        f"LimitNOFILE={args.open_files}\n"
        f"TimeoutStopSec={args.stop_timeout}\n"
    )


def _app_env(environment: Mapping[str, str]) -> str:
    """Lines that systemd's EnvironmentFile reads as they stand, without quoting rules."""
    for name, value in environment.items():
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            raise UserDataError(
                f"environment variable {name!r}: use capital letters, digits and underscores."
            )
        if not re.fullmatch(r"[\x21-\x7e]*", value) or re.search(r"[\"'\\]", value):
            raise UserDataError(
                f"environment variable {name}={value!r}: leave out white space, quotes and backslashes."
            )
    return "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))


def _agent_config(log_group: str) -> str:
    """For amazon-cloudwatch-agent: the boot log and PM2's two logs of the app, in two streams.

    An entry each: of the files that a glob matches, the agent sends only the one that was changed last.
    """
    files = [
        {"file_path": path, "log_group_name": log_group, "log_stream_name": f"{{instance_id}}/{stream}"}
        for path, stream in AGENT_FILES.items()
    ]
    return json.dumps({"logs": {"logs_collected": {"files": {"collect_list": files}}}}) + "\n"


def _file(path: str, content: str, *, mode: str = "0644") -> dict[str, str]:
    return {"path": path, "permissions": mode, "content": content}


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text()


class _Dumper(yaml.SafeDumper):
    """Writes files as literal blocks, so that user data can be read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
