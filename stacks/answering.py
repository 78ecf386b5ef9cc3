"""Which cloud answers: an AWS account, or a rehearsal on this machine."""

import os

from budgets.instance_types import architecture
from components.cloud import CloudSettings
from components.native_modules import Servers
from components.values import on_loopback
from stacks.sections import Settings


def by_a_rehearsal(aws: CloudSettings) -> bool:
    """By the stack's settings; or by the shell's, as where all stacks are previewed without an account."""
    return aws.rehearsed or (aws.endpoint is None and on_loopback(os.environ.get("AWS_ENDPOINT_URL", "")))


def servers(settings: Settings) -> Servers | None:
    """What has to load a release; None where a rehearsal answers, whose servers are this machine."""
    if by_a_rehearsal(settings.aws):
        return None
    return Servers(architecture=architecture(settings.app_servers.instance_types[0]), node=settings.app.node)
