"""The gates after a rollout: `release` waits for the servers to be what they should, `verified` asks them."""

from dataclasses import dataclass

import pulumi

from components.gates.gate import Gate, GateArgs
from components.rollout.drive import Replacement
from components.rollout.smoke import Smoke


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutArgs:
    """Which release, on which servers."""

    parameter_prefix: str
    """Path that the gates' parameters begin with, such as `/evenkeel/prod`."""
    release_sha256: str
    auto_scaling_group: pulumi.Input[str]
    replacement: Replacement
    smoke: Smoke


class Rollout(pulumi.ComponentResource):
    """Moves when all servers run the release, and again when they have answered for it.

    Makes two `Gate`s: `release` and `verified`.
    """

    release: pulumi.Output[str]
    verified: pulumi.Output[str]

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Rollout", name, None, opts)
        version = pulumi.Output.from_input(args.replacement.instances.launch_template_version)
        release = Gate(
            f"{name}-release",
            GateArgs(
                parameter_name=f"{args.parameter_prefix}/release",
                description="The release that all servers run, and the launch template version that says so",
                value=version.apply(lambda number: f"{args.release_sha256} version {number}"),
                subject=args.auto_scaling_group,
                check=args.replacement.check(launches_follow=False),
                context=args.replacement.context,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        verified = Gate(
            f"{name}-verified",
            GateArgs(
                parameter_name=f"{args.parameter_prefix}/verified",
                description="The release that answered through the load balancer",
                value=release.value,
                subject=args.smoke.url,
                check=args.smoke.verify,
                context=args.smoke.context,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[release]),
        )
        self.release, self.verified = release.value, verified.value
        self.register_outputs({"release": self.release, "verified": self.verified})
