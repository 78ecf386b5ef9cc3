"""What the command `evenkeel` refuses."""


class EvenkeelError(Exception):
    """A failure that the user can act on; shown without a traceback."""
