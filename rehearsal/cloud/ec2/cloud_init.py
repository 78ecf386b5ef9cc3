"""User data as a shell script: `#!` scripts as they are, `#cloud-config` with `write_files` and `runcmd`.

That is the part of cloud-init that the kit uses. What is refused here would be done on AWS, and a rehearsal
that ignored it would prove nothing.
"""

import base64
import gzip
import shlex
import zlib
from typing import Any

import yaml

_GZIP = b"\x1f\x8b"
_FILE_KEYS = {"path", "content", "permissions", "owner", "encoding"}


class UserDataRefusedError(ValueError):
    """User data that the rehearsal's cloud-init does not know."""


def unpack(user_data: str) -> str:
    """User data as EC2 keeps it, in base64, to its text: gzip is unpacked, as cloud-init does."""
    try:
        data = base64.b64decode(user_data)
        return (gzip.decompress(data) if data.startswith(_GZIP) else data).decode()
    except (ValueError, EOFError, OSError, zlib.error) as error:  # of base64 and UTF-8; of gzip
        raise UserDataRefusedError(f"user data is no text in base64, plain or gzip: {error}") from error


def to_script(user_data: str) -> str:
    """What the server runs as root when it boots; for `#cloud-config` a script that does the same."""
    if not user_data.strip():
        return "#!/bin/sh\n"
    if user_data.startswith("#!"):
        return user_data
    first_line = user_data.splitlines()[0]
    if first_line.strip() != "#cloud-config":
        raise UserDataRefusedError(
            f"user data begins with {first_line[:40]!r}: begin it with '#!' or '#cloud-config'"
        )
    return _cloud_config(user_data)


def _cloud_config(user_data: str) -> str:
    try:
        config = yaml.safe_load(user_data) or {}
    except yaml.YAMLError as error:
        raise UserDataRefusedError(f"the #cloud-config is no YAML: {error}") from error
    if not isinstance(config, dict):
        raise UserDataRefusedError(f"the #cloud-config is a {type(config).__name__}, and has to be a mapping")
    for key in config.keys() - {"write_files", "runcmd"}:
        raise UserDataRefusedError(
            f"the #cloud-config has {key!r}: the rehearsal knows write_files and runcmd; do it in a script"
        )
    try:
        lines = [_write_file(file) for file in config.get("write_files", [])]
        lines += [_command(command) for command in config.get("runcmd", [])]
    except (AttributeError, KeyError, TypeError) as error:
        raise UserDataRefusedError(
            f"the #cloud-config has an entry of the wrong type, or one without a path: {error!r}"
        ) from error
    return "\n".join(["#!/bin/sh", *lines, ""])


def _write_file(file: dict[str, Any]) -> str:
    for key in file.keys() - _FILE_KEYS:
        raise UserDataRefusedError(
            f"write_files has {key!r}: the rehearsal knows {', '.join(sorted(_FILE_KEYS))}"
        )
    content = base64.b64encode(_content(file)).decode()
    owner, _, group = file.get("owner", "root:root").partition(":")
    mode = str(file.get("permissions", "0644"))
    options = shlex.join(["-D", "-m", mode, "-o", owner, "-g", group or owner, "/dev/stdin", file["path"]])
    return f"echo {content} | base64 -d | install {options}"


def _content(file: dict[str, Any]) -> bytes:
    content = str(file.get("content", ""))
    match file.get("encoding", "text/plain"):
        case "text/plain":
            return content.encode()
        case "b64" | "base64":
            try:
                return base64.b64decode(content)
            except ValueError as error:
                raise UserDataRefusedError(f"write_files has a content that is no base64: {error}") from error
        case other:
            raise UserDataRefusedError(f"write_files has encoding {other!r}: use text/plain or b64")


def _command(command: str | list[Any]) -> str:
    """cloud-init's rule: a list is run as it is, a string is a line of shell."""
    return command if isinstance(command, str) else shlex.join(map(str, command))
