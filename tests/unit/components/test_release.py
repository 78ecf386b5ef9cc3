"""The release in the bucket."""

from pathlib import Path

import pulumi
import pytest

from components import artifact, release
from components.app import AppSettings
from components.artifact import Artifact
from components.native_modules import NativeModule, Servers
from components.release import Release, ReleaseArgs
from testkit.registered import register


def test_a_release_is_an_object_named_by_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a rollback finds the earlier one where it was."""
    tarball = tmp_path / "abc.tar.gz"
    tarball.write_bytes(b"tarball")
    monkeypatch.setattr(artifact, "build", lambda *_, **__: Artifact(path=tarball, sha256="abc"))
    args = ReleaseArgs(settings=AppSettings(path=str(tmp_path)), bucket="artifacts", servers=None)
    made = register(lambda: Release("kit", args))
    assert made.types == {"aws:s3/bucketObjectv2:BucketObjectv2": 1}
    inputs = made["aws:s3/bucketObjectv2:BucketObjectv2", "kit"]
    assert isinstance(inputs.pop("source"), pulumi.FileAsset)
    assert inputs == {
        "bucket": "artifacts",
        "key": "releases/abc.tar.gz",
        "contentType": "application/gzip",
    }


def test_what_is_wrong_with_the_app_is_said_without_a_traceback(tmp_path: Path) -> None:
    """Pulumi shows a RunError's words and nothing else."""
    with pytest.raises(pulumi.RunError, match=r"package\.json is missing: app\.path has to name"):
        release.build(AppSettings(path=str(tmp_path)), None)


def test_a_release_that_the_servers_cannot_load_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At preview, before anything is made; the files are named."""
    module = NativeModule(name="node_modules/bcrypt/bcrypt.node", system="macOS")
    built = Artifact(path=tmp_path, sha256="abc", native_modules=[module])
    monkeypatch.setattr(artifact, "build", lambda *_, **__: built)
    monkeypatch.setattr(artifact, "node_version", lambda: "v22")
    servers = Servers(architecture="x86_64", node=22)
    with pytest.raises(
        pulumi.RunError, match=r"(?s)bcrypt\.node is for macOS\n.*Linux \(x86_64\) with Node\.js 22"
    ):
        release.build(AppSettings(path=str(tmp_path)), servers)
    assert release.build(AppSettings(path=str(tmp_path)), None) == built
