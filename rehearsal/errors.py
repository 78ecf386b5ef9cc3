"""What can go wrong for the user of the rehearsal, each with its remedy in the message.

RehearsalError
├── MachineError      the machine lacks something: a package, a right, a free port
├── EngineError       the Pulumi CLI, its language host or a provider can't be had
├── CloudError        the rehearsal's cloud did not start or does not run
└── DeploymentError   the engine ran and refused or failed
"""


class RehearsalError(Exception):
    """A failure that the user can act on; shown without a traceback."""


class MachineError(RehearsalError):
    """The machine lacks something."""


class EngineError(RehearsalError):
    """The Pulumi CLI, its language host or a provider can't be had."""


class CloudError(RehearsalError):
    """The rehearsal's cloud did not start or does not run."""


class DeploymentError(RehearsalError):
    """The engine ran and refused or failed; it has said why itself."""
