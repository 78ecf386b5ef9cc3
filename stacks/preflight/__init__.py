"""`python -m stacks preflight STACK`: what would fail in the middle of a first `pulumi up`."""

from stacks.preflight.report import CHECKS, CheckResult, run, shown
from stacks.preflight.target import Target

__all__ = ["CHECKS", "CheckResult", "Target", "run", "shown"]
