"""What is handed to a server is what systemd and cloud-init themselves take for right."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from components.boot.user_data import UNITS, render
from rehearsal.engine.cache import cache
from tests.unit.components.boot.test_user_data import ARGS

SYSTEMD = Path("/usr/lib/systemd")
SCHEMA = "usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """The root of a server that has its files, and a release with PM2 in it."""
    for file in yaml.safe_load(render(ARGS))["write_files"]:
        path = tmp_path / file["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
        path.chmod(int(file["permissions"], 8))
    runtime = tmp_path / "opt/app/current/node_modules/.bin/pm2-runtime"
    runtime.parent.mkdir(parents=True)
    runtime.write_text("#!/bin/sh\n")
    runtime.chmod(0o755)
    shutil.copytree(SYSTEMD / "system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    return tmp_path


def verify(root: Path) -> subprocess.CompletedProcess[str]:
    """What systemd says of the units there."""
    return subprocess.run(
        ["systemd-analyze", "verify", f"--root={root}", "--man=no", "--recursive-errors=one", *UNITS],
        text=True,
        capture_output=True,
        check=False,
    )


def test_systemd_knows_every_line_of_the_units(server: Path) -> None:
    """No unknown key, no unreadable value, no command that is not there."""
    done = verify(server)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("RestartSec=2", "RestartSecs=2", "Unknown key 'RestartSecs' in section [Service]"),
        ("KillMode=mixed", "KillMode=some", "Failed to parse kill mode specification"),
        (".bin/pm2-runtime", ".bin/pm3-runtime", "is not executable"),
    ],
)
def test_systemd_refuses_a_unit_with_a_slip(server: Path, right: str, wrong: str, complaint: str) -> None:
    """The twin: what passes above could fail."""
    unit = server / "etc/systemd/system/app.service"
    unit.write_text(unit.read_text().replace(right, wrong, 1))
    done = verify(server)
    assert done.returncode != 0
    assert complaint in done.stderr


@pytest.fixture(scope="module")
def schema() -> Any:
    """cloud-init's own, of Debian's package: unpacked, never installed, since that would run at boot."""
    folder = cache() / "cloud-init"
    if not (folder / SCHEMA).exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            pytest.skip(
                f"cloud-init's schema is not at {folder / SCHEMA} and there is no apt-get to fetch it with:"
                " copy it there from your distribution's package of cloud-init"
            )
        folder.mkdir(exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", "cloud-init"], cwd=folder, check=True, timeout=120)
        (package,) = folder.glob("cloud-init_*.deb")
        subprocess.run(["dpkg", "-x", package, folder], check=True, timeout=60)
        package.unlink()
    return json.loads((folder / SCHEMA).read_text())


def complaints(schema: Any, config: Any) -> list[str]:
    """What cloud-init would say of a `#cloud-config`, with the validator that it uses."""
    return [error.message for error in jsonschema.Draft4Validator(schema).iter_errors(config)]


def test_cloud_init_takes_the_user_data(schema: Any) -> None:
    """Its schema has nothing to say."""
    assert complaints(schema, yaml.safe_load(render(ARGS))) == []


@pytest.mark.parametrize(
    "slip", [{"runcmd": "systemctl start app"}, {"write_files": [{"content": "no path"}]}]
)
def test_cloud_init_refuses_user_data_with_a_slip(schema: Any, slip: dict[str, Any]) -> None:
    """The twin: what passes above could fail."""
    assert complaints(schema, {**yaml.safe_load(render(ARGS)), **slip}) != []
