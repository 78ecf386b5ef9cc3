"""What the checks of the reference app know of it besides its stacks' settings."""

from urllib.parse import unquote


def session_key(cookie: str) -> str:
    """The key under which the sessions' store holds the session of a cookie: `s:ID.SIGNATURE`."""
    return "sess:" + unquote(cookie).removeprefix("s:").split(".")[0]
