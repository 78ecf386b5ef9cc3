"""User data of a server: a `#cloud-config` of `write_files` and `runcmd` only, with no secret in it.

The files beside this module go onto the server as they are, shell scripts without their comments. What
differs between stacks is in small ones: `boot.env` (what boot.sh and lifecycle.sh need), `app.public.env`
(the app's settings that are no secret), `app.secrets` (where its secrets are) and systemd drop-ins with the
budget's figures.
"""

import base64
import gzip
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import yaml

# Compressed, before it is base64-encoded. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
MAX_BYTES = 16 * 1024

BOOT = "evenkeel-boot.service"
UNITS = ("app.service", BOOT, "lifecycle.service")
AGENT_FILES = {
    "/var/log/evenkeel-boot.log": "boot",
    "/var/log/app/out.log": "app",
    "/var/log/app/error.log": "app",
}
"""Files of a server that the CloudWatch agent sends, and the stream of each."""
STORE_URLS = {"database": "DATABASE_URL", "redis": "REDIS_URL", "cache": "CACHE_REDIS_URL"}
"""The variable that every app has of a store that the stack has."""


class UserDataError(ValueError):
    """A server's settings can't be handed over in user data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserDataArgs:
    """What one server is told. Times are seconds; a `…_secret_arn` is only a name.

    Endpoints are `host:port`, the database's with its name, and empty where there is no such store.
    """

    region: str
    auto_scaling_group: str
    launching_hook: str
    terminating_hook: str
    log_group: str
    release_bucket: str
    release_key: str
    release_sha256: str
    ecosystem: str
    """Where in the release PM2's settings are."""
    pm2: str
    """Where in the release PM2's programs are."""
    ca_bundle_url: str
    database_secret_arn: str
    redis_secret_arn: str
    cache_redis_secret_arn: str
    database_endpoint: str
    redis_endpoint: str
    cache_redis_endpoint: str
    port: int
    node_major: int
    ready_timeout: int
    boot_test_timeout: int
    stop_timeout: int
    drained_within: int
    pm2_concurrent_actions: int
    """Workers that PM2 starts, reloads or stops at a time."""
    open_files: int
    """At most of one process."""
    environment: Mapping[str, str]
    secrets: Sequence[str]
    """Of the app, a line each: variable, ARN, version at the deployment, and a key in it where it is JSON."""
    store_variables: Mapping[str, str]
    """What the app's variables of a store hold, such as `database.host`."""
    pinned_secret: str
    """ARN of the one that is read in that very version; the others are read as they are at boot."""


def render(args: UserDataArgs) -> str:
    """The `#cloud-config`. Raises UserDataError for a value that can't be passed on."""
    files = [
        _file("/opt/evenkeel/boot.sh", _script("boot.sh"), mode="0755"),
        _file("/opt/evenkeel/boot_test.cjs", _for_release("boot_test.cjs", args)),
        _file("/opt/evenkeel/app_env.cjs", _read("app_env.cjs")),
        _file("/opt/evenkeel/imds.sh", _script("imds.sh")),
        _file("/opt/evenkeel/lifecycle.sh", _script("lifecycle.sh"), mode="0755"),
        *(_file(f"/etc/systemd/system/{unit}", _for_release(unit, args)) for unit in UNITS),
        _file(f"/etc/systemd/system/{BOOT}.d/budget.conf", _drop_in(TimeoutStartSec=args.ready_timeout)),
        _file(
            "/etc/systemd/system/app.service.d/budget.conf",
            _drop_in(
                Environment=f"PM2_CONCURRENT_ACTIONS={args.pm2_concurrent_actions}",
                LimitNOFILE=args.open_files,
                TimeoutStopSec=args.stop_timeout,
            ),
        ),
        _file("/etc/logrotate.d/app", _read("logrotate.conf")),
        # Amazon Linux's, which else looks once a day.
        _file("/etc/systemd/system/logrotate.timer.d/hourly.conf", "[Timer]\nOnCalendar=hourly\n"),
        _file("/etc/evenkeel/boot.env", _boot_env(args)),
        _file("/etc/evenkeel/app.public.env", _app_env(args.environment)),
        _file("/etc/evenkeel/app.secrets", "".join(f"{line}\n" for line in args.secrets)),
        _file("/etc/evenkeel/app.stores", _app_stores(args)),
        _file("/etc/evenkeel/cloudwatch-agent.json", _agent_config(args.log_group)),
    ]
    # Nobody logs in but through SSM; an image may have no sshd.
    no_ssh = "! systemctl cat sshd.service >/dev/null 2>&1 || systemctl disable --now sshd.service"
    # cloud-init runs these once in a server's life; systemd starts the units at every boot after that.
    commands = [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", *UNITS],
        ["sh", "-c", no_ssh],
        ["systemctl", "start", "--no-block", "lifecycle.service", BOOT],
    ]
    config = {"write_files": files, "runcmd": commands}
    return "#cloud-config\n" + yaml.dump(config, Dumper=_Dumper, sort_keys=False, width=1000)


def pack(document: str) -> str:
    """As a launch template takes it: gzip, which cloud-init unpacks, in base64. Raises UserDataError.

    Another zlib may compress differently: the first deployment with it then replaces the servers once.
    """
    packed = BytesIO()
    # A header without time and file name, so that the same settings are the same launch template version.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(document.encode())
    if (size := len(packed.getvalue())) > MAX_BYTES:
        raise UserDataError(
            f"user data has {size} bytes, compressed, and AWS takes {MAX_BYTES}: the app's environment is too"
            " much; move settings into the release or a secret."
        )
    return base64.b64encode(packed.getvalue()).decode()


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
        "PINNED_SECRET_ARN": args.pinned_secret,
        "DATABASE_ENDPOINT": args.database_endpoint,
        "REDIS_ENDPOINT": args.redis_endpoint,
        "CACHE_REDIS_ENDPOINT": args.cache_redis_endpoint,
        "APP_PORT": str(args.port),
        "NODE_MAJOR": str(args.node_major),
        "READY_TIMEOUT": str(args.ready_timeout),
        "BOOT_TEST_TIMEOUT": str(args.boot_test_timeout),
        "DRAINED_WITHIN": str(args.drained_within),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def _app_stores(args: UserDataArgs) -> str:
    """Lines of a variable and what it holds: the stores' URLs, then the app's own names."""
    secrets = {
        "database": args.database_secret_arn,
        "redis": args.redis_secret_arn,
        "cache": args.cache_redis_secret_arn,
    }
    urls = {variable: f"{store}.url" for store, variable in STORE_URLS.items() if secrets[store]}
    return "".join(f"{name} {part}\n" for name, part in {**urls, **args.store_variables}.items())


def _drop_in(**settings: int | str) -> str:
    return "".join(["[Service]\n", *(f"{name}={value}\n" for name, value in settings.items())])


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


def _script(name: str) -> str:
    """Without comments, a tenth of what AWS allows; each leaves an empty line, so that line numbers stay."""
    return re.sub(r"(?m)^ *# .*$", "", _read(name))


def _for_release(name: str, args: UserDataArgs) -> str:
    """With the places where this release has PM2 and its settings."""
    text = _read(name).replace("node_modules/.bin/pm2-runtime", f"{args.pm2}/pm2-runtime")
    return text.replace("ecosystem.config.js", args.ecosystem)


def _read(name: str) -> str:
    return (Path(__file__).parent / name).read_text()


class _Dumper(yaml.SafeDumper):
    """Writes files as literal blocks, so that user data can be read."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
