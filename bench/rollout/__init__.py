"""What the app's users see of a rollout, and how long it takes: `make bench-rollout`.

A rehearsal of its own under steady load, whose servers are replaced several times by `pulumi up`.
"""
