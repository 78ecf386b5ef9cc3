"""What is said of a machine."""

from pathlib import Path

import pytest

from rehearsal import doctor, machine
from rehearsal.engine.environment import Rehearsal, of_project
from rehearsal.errors import MachineError
from testkit.ports import free_port


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    """Of a project that wants a Node.js which no machine has."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nstackConfigDir: stacks\n")
    (tmp_path / "stacks/Pulumi.local.yaml").write_text(
        f"config:\n  evenkeel:aws: {{endpoint: 'http://127.0.0.1:{free_port()}'}}\n"
        "  evenkeel:app: {node: 24}\n"
    )
    return of_project(tmp_path)


def test_each_need_is_told_with_what_is_here_and_what_to_do(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, also where the first is missing."""
    monkeypatch.setattr(machine, "PROGRAMS", {"sh": "dash", "no-such-store": "redis-server"})
    monkeypatch.setattr(machine, "node_version", lambda _: "v22.1.0")
    found = {finding.need: finding for finding in doctor.examine(rehearsal)}
    assert found["sh"].remedy == ""
    assert found["no-such-store"].remedy == "sudo apt-get install redis-server"
    assert "Set the setting to its major version" in found["Node.js 24"].remedy
    assert found[f"port {rehearsal.port}"].row[1:] == ("free", "ok")
    assert {"Linux", "root", "2 GiB of memory", "4 GiB of disk"} < found.keys()


@pytest.mark.parametrize(("version", "fits"), [("v24.3.0", True), ("v2.4.0", False), (None, False)])
def test_servers_run_this_machines_node(
    version: str | None, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another major version would be looked for with dnf, in the middle of the first launch."""
    monkeypatch.setattr(machine, "node_version", lambda _: version)
    if fits:
        machine.check_node(24, "")
        return
    with pytest.raises(MachineError, match=r"app\.node of stack local is 24, and this machine"):
        machine.check_node(24, "")
