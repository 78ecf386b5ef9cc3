"""User data holds what boots a server, and nothing secret."""

import base64
import dataclasses
import gzip
import random
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.boot import user_data
from components.boot.user_data import MAX_BYTES, UserDataArgs, UserDataError, pack, render

ARGS = UserDataArgs(
    region="eu-central-1",
    auto_scaling_group="kit-app",
    launching_hook="launching",
    terminating_hook="terminating",
    log_group="/kit/servers",
    release_bucket="kit-releases",
    release_key="releases/abc.tar.gz",
    release_sha256="a" * 64,
    ecosystem="ecosystem.config.js",
    pm2="node_modules/.bin",
    ca_bundle_url="https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
    database_secret_arn="arn:database",
    redis_secret_arn="arn:redis",
    cache_redis_secret_arn="arn:cache",
    database_endpoint="db.example:5433/app",
    store_variables={"DB_HOST": "database.host"},
    redis_endpoint="redis.example:6379",
    cache_redis_endpoint="cache.example:6379",
    port=3000,
    node_major=22,
    ready_timeout=60,
    boot_test_timeout=20,
    stop_timeout=14,
    drained_within=40,
    pm2_concurrent_actions=2,
    open_files=65536,
    environment={"NODE_ENV": "production", "DRAIN_TIMEOUT_MS": "1000"},
    secrets=["SESSION_SECRET arn:session 1", "JWT_SECRET arn:own 2 JWT_SECRET"],
    pinned_secret="arn:own",
)
BOOT = Path(user_data.__file__).parent


def files(args: UserDataArgs = ARGS) -> dict[str, Any]:
    """The written files by path."""
    return {file["path"]: file for file in yaml.safe_load(render(args))["write_files"]}


def test_it_is_a_cloud_config_of_files_and_units() -> None:
    """`write_files` and `runcmd`, and nothing that the rehearsal's cloud-init does not know."""
    text = render(ARGS)
    assert text.startswith("#cloud-config\n")
    config = yaml.safe_load(text)
    assert list(config) == ["write_files", "runcmd"]
    assert config["runcmd"] == [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "app.service", "evenkeel-boot.service", "lifecycle.service"],
        [
            "sh",
            "-c",
            "! systemctl cat sshd.service >/dev/null 2>&1 || systemctl disable --now sshd.service",
        ],
        ["systemctl", "start", "--no-block", "lifecycle.service", "evenkeel-boot.service"],
    ]
    assert all(set(file) == {"path", "permissions", "content"} for file in config["write_files"])


def test_the_scripts_arrive_as_they_are() -> None:
    """What is linted and read here is what runs there, line by line; comments of shell scripts stay here."""
    written = files()
    for path in ("opt/evenkeel/boot_test.cjs", "etc/systemd/system/app.service"):
        assert written[f"/{path}"]["content"] == (BOOT / Path(path).name).read_text()
    for path in ("opt/evenkeel/boot.sh", "opt/evenkeel/imds.sh", "opt/evenkeel/lifecycle.sh"):
        lines = (BOOT / Path(path).name).read_text().splitlines()
        sent = written[f"/{path}"]["content"].splitlines()
        pairs = list(zip(lines, sent, strict=True))
        assert all(there == here or (there == "" and here.lstrip().startswith("# ")) for here, there in pairs)
        assert not [line for line in sent if line.lstrip().startswith("# ")]
    assert written["/opt/evenkeel/boot.sh"]["permissions"] == "0755"


def test_systemd_holds_the_app_to_the_budgets() -> None:
    """Drop-ins: PM2's workers at a time, a process' files, the seconds that stopping and booting may take."""
    written = files()
    app = written["/etc/systemd/system/app.service.d/budget.conf"]["content"]
    assert app == "[Service]\nEnvironment=PM2_CONCURRENT_ACTIONS=2\nLimitNOFILE=65536\nTimeoutStopSec=14\n"
    boot = written["/etc/systemd/system/evenkeel-boot.service.d/budget.conf"]["content"]
    assert boot == "[Service]\nTimeoutStartSec=60\n"


def test_the_apps_logs_do_not_grow_for_ever() -> None:
    """Looked at each hour, and cut where PM2 has them open."""
    written = files()
    assert "/var/log/app/*.log {" in (rotation := written["/etc/logrotate.d/app"]["content"])
    assert all(rule in rotation for rule in ("size 50M", "rotate 3", "nodateext", "copytruncate"))
    timer = written["/etc/systemd/system/logrotate.timer.d/hourly.conf"]["content"]
    assert timer == "[Timer]\nOnCalendar=hourly\n"


def test_the_apps_environment_is_sorted_lines() -> None:
    """So that the same settings are the same launch template version."""
    content = files()["/etc/evenkeel/app.public.env"]["content"]
    assert content == "DRAIN_TIMEOUT_MS=1000\nNODE_ENV=production\n"


@pytest.mark.parametrize("value", ["two words", "it's", 'say "hi"', "back\\slash", "new\nline", "ünïcode"])
def test_a_value_that_systemd_would_read_differently_is_refused(value: str) -> None:
    """EnvironmentFile has quoting rules of its own; the error names the variable."""
    args = dataclasses.replace(ARGS, environment={"GREETING": value})
    with pytest.raises(UserDataError, match=r"^environment variable GREETING=.*: leave out white space"):
        render(args)


def test_a_variable_with_an_odd_name_is_refused() -> None:
    """The error shows the name and what a name is made of."""
    args = dataclasses.replace(ARGS, environment={"my-setting": "1"})
    with pytest.raises(UserDataError, match=r"^environment variable 'my-setting': use capital letters"):
        render(args)


def test_it_is_packed_as_cloud_init_unpacks_it() -> None:
    """As base64 of gzip, of which the same settings always make the same."""
    packed = pack(render(ARGS))
    assert gzip.decompress(base64.b64decode(packed)).decode() == render(ARGS)
    assert pack(render(ARGS)) == packed


def test_there_is_room_for_the_apps_own_settings() -> None:
    """Half of what AWS takes is left for them."""
    assert len(base64.b64decode(pack(render(ARGS)))) < MAX_BYTES / 2


def test_more_than_aws_takes_is_refused() -> None:
    """At preview, with both sizes, instead of by EC2 in the middle of a deployment."""
    noise = random.Random(1).randbytes(MAX_BYTES).hex()
    document = render(dataclasses.replace(ARGS, environment={"LONG": noise}))
    with pytest.raises(UserDataError, match=r"^user data has \d+ bytes, compressed, and AWS takes 16384"):
        pack(document)


@settings(max_examples=20)
@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_a_setting_reaches_the_boot_script_unchanged(value: str) -> None:
    """Whatever a name holds, the shell that reads boot.env sees it as it was."""
    content = files(dataclasses.replace(ARGS, log_group=value))["/etc/evenkeel/boot.env"]["content"]
    assert f"LOG_GROUP={value}" in shlex.split(content)
