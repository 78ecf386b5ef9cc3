"""What must not be deleted by mistake: the engine refuses before it touches anything.

`protect` stops a `pulumi destroy` in its preview. With --skip-preview the engine would first delete what is
not protected. A hook closes that gap: a stack that has one is not destroyed without --run-program, and the
engine shows the hook's name. With both flags nothing is asked until the first protected resource is reached.
"""

import pulumi

RUNBOOK = "docs/runbooks/stores.md"


class Protected(Exception):
    """A protected resource is to be deleted: the message names the setting."""


def protection(name: str, setting: str, on: bool) -> pulumi.ResourceOptions:
    """Options, to be merged with others, that keep a resource from being deleted while `setting` says so."""
    reason = f"{name} is protected: evenkeel:{setting} says so, {RUNBOOK} how to take a stack down"

    def refuse(_: pulumi.ResourceHookArgs) -> None:
        if on:
            raise Protected(reason)

    # Registered also when it is off: the state may still have it, from when it was on.
    hook = pulumi.ResourceHook(reason, refuse, pulumi.ResourceHookOptions(on_dry_run=True))
    hooks = pulumi.ResourceHookBinding(before_delete=[hook]) if on else None
    return pulumi.ResourceOptions(protect=on, hooks=hooks)
