"""The release in its bucket, where servers fetch it."""

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components import artifact
from components.app import AppSettings
from components.native_modules import Servers, misfits
from components.ordering import after
from components.release_build import ArtifactError


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseArgs:
    """Which app, and where to."""

    settings: AppSettings
    bucket: pulumi.Input[str]
    servers: Servers | None
    """What has to run it; None where that is this machine."""


class Release(pulumi.ComponentResource):
    """Builds the app and uploads it as `releases/<sha256>.tar.gz`.

    Makes: `aws.s3.BucketObjectv2`. Earlier releases stay in the bucket: while a rollout runs,
    and after one that was taken back, servers are still launched with them.
    """

    sha256: str
    """Known in a preview."""
    key: str
    ecosystem: str
    """Where in it PM2's settings are."""
    pm2: str
    """Where in it PM2's programs are."""
    bucket: pulumi.Output[str]
    """Known when the release is in it."""

    def __init__(self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Release", name, None, opts)
        built = build(args.settings, args.servers)
        self.sha256, self.ecosystem, self.pm2 = built.sha256, built.ecosystem, built.pm2
        self.key = f"releases/{built.sha256}.tar.gz"
        tarball = aws.s3.BucketObjectv2(
            name,
            bucket=args.bucket,
            key=self.key,
            source=pulumi.FileAsset(built.path),
            content_type="application/gzip",
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.bucket = after(tarball.bucket, tarball.id)
        self.register_outputs({"sha256": self.sha256, "key": self.key, "bucket": self.bucket})


def build(app: AppSettings, servers: Servers | None) -> artifact.Artifact:
    """The app's release; what is wrong with the app is the user's to fix, without a traceback."""
    try:
        built = artifact.build(Path(app.path), say=pulumi.log.info, settings=app.built_by)
        if servers and built.native_modules:
            refuse_misfits(built, servers, int(artifact.node_version().removeprefix("v")))
    except ArtifactError as error:
        raise pulumi.RunError(str(error)) from error
    return built


def refuse_misfits(built: artifact.Artifact, servers: Servers, built_with: int) -> None:
    """Raises ArtifactError where the servers can't load something: each would end at its boot test."""
    if found := list(misfits(built.native_modules, servers, built_with)):
        raise ArtifactError(
            "\n".join(
                [
                    "the release was built on this machine, and the servers could not load all of it:",
                    *(f"  {line}" for line in found),
                    f"Build it on Linux ({servers.architecture}) with Node.js {servers.node} and glibc 2.34 "
                    "or older: run `pulumi up` in a container of Amazon Linux 2023, or in CI",
                ]
            )
        )
