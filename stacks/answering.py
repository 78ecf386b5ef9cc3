"""Which cloud answers: an AWS account, or a rehearsal on this machine."""

import os

from stacks.sections import Aws, on_loopback


def by_a_rehearsal(aws: Aws) -> bool:
    """By the stack's settings; or by the shell's, as where all stacks are previewed without an account."""
    return aws.rehearsed or (aws.endpoint is None and on_loopback(os.environ.get("AWS_ENDPOINT_URL", "")))
