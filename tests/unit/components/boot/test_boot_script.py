"""boot.sh gives up once, with its reason where it can be read, and not after it has said CONTINUE."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from components.boot import user_data
from testkit.waiting import eventually

BOOT = Path(user_data.__file__).parent
AWS = """#!/bin/bash
echo "$@" >>"$STAGE/calls"
echo "$AWS_RETRY_MODE $AWS_MAX_ATTEMPTS" >>"$STAGE/patience"
case "$1 $2" in
  "secretsmanager "*) echo '{"SecretValues": [], "Errors": [{"ErrorCode": "AccessDenied"}]}' ;;
esac
for argument; do case $argument in file://*) cat "${argument#file://}" >>"$STAGE/events" ;; esac; done
"""
CURL = """#!/bin/bash
case "${@: -1}" in
  *"$SILENT") exit 22 ;;
  */instance-id) echo i-1 ;;
  *) echo 127.0.0.1 ;;
esac
"""
SLOW = """#!/bin/bash
echo slow >>"$STAGE/at"
exec sleep 60
"""
"""Says that it runs: what bash starts after a SIGTERM gets none, and bash waits for its end."""
STEPS = ("prepare_folders", "fetch_release", "test_release", "start_app", "wait_until_ready")


class Boot:
    """boot.sh on a machine of folders, with commands and steps that do as the test says."""

    def __init__(self, folder: Path, *, silent: str = "nothing", **steps: str) -> None:
        self._folder = folder
        text = (BOOT / "boot.sh").read_text()
        for path, place in (
            ("/opt/evenkeel", BOOT),
            ("/etc/evenkeel", folder),
            ("/run/evenkeel", folder),
            ("/var/log", folder),
            ("/dev/console", "/dev/null"),
        ):
            text = text.replace(path, str(place))
        body, call = text.rsplit("\n", 2)[0], "main"
        instead = [f"{name}() {{ {does}; }}" for name, does in {**dict.fromkeys(STEPS, ":"), **steps}.items()]
        (folder / "boot.sh").write_text("\n".join([body, *instead, call, ""]))
        names = ("AUTO_SCALING_GROUP", "LAUNCHING_HOOK", "LOG_GROUP", "RELEASE_SHA256", "CA_BUNDLE_URL")
        secrets = [f"{name}_SECRET_ARN" for name in ("DATABASE", "REDIS", "CACHE_REDIS", "SESSION")]
        settings = "".join(f"{name}=x\n" for name in (*names, *secrets))
        (folder / "boot.env").write_text(settings + "NODE_MAJOR=1\nAPP_PORT=3000\n")
        (folder / "app.public.env").write_text("NODE_ENV=production\n")
        (folder / "app.secrets").write_text("")
        (folder / "app.stores").write_text("DATABASE_URL database.url\n")
        (folder / "bin").mkdir()
        for name, stub in (("aws", AWS), ("curl", CURL), ("slow", SLOW)):
            (folder / "bin" / name).write_text(stub)
            (folder / "bin" / name).chmod(0o755)
        path = f"{folder / 'bin'}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            ["bash", folder / "boot.sh"],
            env={"PATH": path, "STAGE": str(folder), "SILENT": silent},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def read(self, name: str) -> str:
        """A file of the machine, empty while there is none."""
        path = self._folder / name
        return path.read_text() if path.exists() else ""

    def terminate(self) -> None:
        """SIGTERM to all its processes, as systemd sends it, while a step runs `slow`."""
        eventually(lambda: "slow" in self.read("at"), poll=0.01, shown=lambda: self.read("evenkeel-boot.log"))
        os.killpg(self.process.pid, signal.SIGTERM)

    def gave_up(self) -> list[str]:
        """The log's lines that say so, after the script's end; CloudWatch has the same."""
        assert self.process.wait(timeout=20) == 1
        lines = [line for line in self.read("evenkeel-boot.log").splitlines() if "giving up: " in line]
        assert self.read("events").count("giving up: ") == len(lines)
        return lines


def test_a_secret_that_can_not_be_read_is_given_up_once(tmp_path: Path) -> None:
    """In the log and in CloudWatch, and neither in app.env nor by a second ABANDON."""
    boot = Boot(tmp_path, fetch_ca_bundle=":")
    assert len(boot.gave_up()) == 1
    assert "giving up" not in boot.read("app.env")
    assert "x can't be read" in boot.read("events")
    calls = boot.read("calls")
    assert (calls.count("put-log-events"), calls.count("ABANDON")) == (1, 1)


def test_a_server_that_does_not_know_itself_gives_up_once(tmp_path: Path) -> None:
    """It has no hook to answer; the reason is not lost in a variable."""
    boot = Boot(tmp_path, silent="/instance-id")
    assert "instance_id=$(imds instance-id)" in "\n".join(boot.gave_up())
    assert "ABANDON" not in boot.read("calls")


@pytest.mark.parametrize("waits", ["slow", 'slow || abandon "it was cut short"', "until slow; do :; done"])
def test_a_server_that_is_told_to_stop_says_so(tmp_path: Path, waits: str) -> None:
    """However it waits: the log outlives the signal, and the command that it waits for does not."""
    boot = Boot(tmp_path, fetch_release=waits)
    boot.terminate()
    (line,) = boot.gave_up()
    assert "giving up: told to stop after" in line
    assert boot.read("calls").count("ABANDON") == 1


def test_a_server_that_has_said_continue_takes_nothing_back(tmp_path: Path) -> None:
    """SIGTERM ends what is left of the script, and the launch stays as it is."""
    boot = Boot(tmp_path, fetch_ca_bundle=":", write_app_env=":", start_agent="slow")
    boot.terminate()
    assert boot.process.wait(timeout=20) == -signal.SIGTERM
    assert "giving up" not in boot.read("evenkeel-boot.log")
    calls = boot.read("calls")
    assert (calls.count("CONTINUE"), calls.count("ABANDON")) == (1, 0)


def test_a_throttled_api_costs_no_launch(tmp_path: Path) -> None:
    """The CLI's own three attempts are over within seconds."""
    boot = Boot(tmp_path, fetch_ca_bundle=":")
    boot.gave_up()
    assert set(boot.read("patience").splitlines()) == {"standard 10"}
