"""The rehearsal's cloud-init does what it knows and refuses the rest by name."""

import base64
import gzip
import subprocess
from pathlib import Path

import pytest

from rehearsal.cloud.ec2.cloud_init import UserDataRefusedError, to_script, unpack


def test_a_script_is_run_as_it_is() -> None:
    """User data that begins with `#!` is the script."""
    assert to_script("#!/bin/bash\necho hello\n") == "#!/bin/bash\necho hello\n"


def test_files_are_written_before_commands_run(tmp_path: Path) -> None:
    """The script writes each file with its mode and content, byte for byte, then runs the commands."""
    target = tmp_path / "deep" / "file"
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
    config = f"""#cloud-config
write_files:
  - {{path: {target}, permissions: '0640', owner: '{user}:{group}', content: "a $b 'c' ü\\n"}}
  - {{path: {target}2, owner: '{user}:{group}', encoding: b64, content: aGVsbG8=}}
runcmd:
  - cat {target} > {tmp_path}/copy
  - [touch, "{tmp_path}/a b"]
"""
    subprocess.run(["sh"], input=to_script(config), text=True, check=True)
    assert (tmp_path / "copy").read_text() == "a $b 'c' ü\n"
    assert oct(target.stat().st_mode & 0o777) == "0o640"
    assert (tmp_path / "deep" / "file2").read_text() == "hello"
    assert (tmp_path / "a b").exists()


def test_no_user_data_boots_all_the_same() -> None:
    """An instance without any has nothing to do."""
    assert to_script("") == "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("user_data", "message"),
    [
        (
            "#cloud-config\npackages: [nginx]\n",
            "the #cloud-config has 'packages': the rehearsal knows write_files and runcmd; do it in a script",
        ),
        (
            "#cloud-config\nwrite_files: [{path: /a, append: true}]\n",
            "write_files has 'append': the rehearsal knows content, encoding, owner, path, permissions",
        ),
        (
            "#cloud-config\nwrite_files: [{path: /a, encoding: gzip}]\n",
            "write_files has encoding 'gzip': use text/plain or b64",
        ),
        (
            "Content-Type: multipart/mixed\n",
            "user data begins with 'Content-Type: multipart/mixed': begin it with '#!' or '#cloud-config'",
        ),
        (
            "#cloud-config\nwrite_files: [{content: a}]\n",
            "the #cloud-config has an entry of the wrong type, or one without a path: KeyError('path')",
        ),
        (
            "#cloud-config\nruncmd: 1\n",
            "the #cloud-config has an entry of the wrong type, or one without a path:"
            """ TypeError("'int' object is not iterable")""",
        ),
        (
            "#cloud-config\nwrite_files: [{path: /a, encoding: b64, content: abcde}]\n",
            "write_files has a content that is no base64: Invalid base64-encoded string: number of data"
            " characters (5) cannot be 1 more than a multiple of 4",
        ),
        ("#cloud-config\n- a list\n", "the #cloud-config is a list, and has to be a mapping"),
    ],
)
def test_what_it_does_not_know_is_refused(user_data: str, message: str) -> None:
    """A rehearsal that ignored it would prove nothing."""
    with pytest.raises(UserDataRefusedError) as refused:
        to_script(user_data)
    assert str(refused.value) == message


SCRIPT = b"#!/bin/sh\necho hello\n"
# Without the time of day in it: pytest-xdist wants the same parameters in each of its processes.
GZIPPED = gzip.compress(SCRIPT, mtime=0)


@pytest.mark.parametrize("data", [SCRIPT, GZIPPED])
def test_plain_and_gzipped_user_data_is_unpacked(data: bytes) -> None:
    """Both are in base64, as EC2 keeps them."""
    assert unpack(base64.b64encode(data).decode()) == SCRIPT.decode()


@pytest.mark.parametrize(
    "user_data",
    [
        "abcde",
        "ü",
        *(
            base64.b64encode(data).decode()
            for data in (
                b"\xff\xfe",
                b"\x1f\x8b and no gzip",
                GZIPPED[:-9],
                GZIPPED[:10] + b"\xff" * 20,
            )
        ),
    ],
)
def test_user_data_that_cannot_be_unpacked_is_refused(user_data: str) -> None:
    """The instance does not boot, and the cloud goes on."""
    with pytest.raises(UserDataRefusedError, match=r"^user data is no text in base64, plain or gzip: "):
        unpack(user_data)
