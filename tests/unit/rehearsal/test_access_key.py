"""The key that a rehearsal makes for itself."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.access_key import AccessKey
from rehearsal.errors import CloudError


def test_a_key_has_the_shape_of_an_iam_users(tmp_path: Path) -> None:
    """Clients and their tools check it."""
    key = AccessKey.make(tmp_path)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key.id)
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", key.secret)
    assert key.secret not in repr(key)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Whatever the umask is; and the draft it was written to is gone."""
    before = os.umask(0)
    try:
        AccessKey.make(tmp_path)
    finally:
        os.umask(before)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_is_made_once(tmp_path: Path) -> None:
    """The command and the cloud both ask for it, perhaps at once."""
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(AccessKey.make, [tmp_path] * 50))) == 1


def test_two_rehearsals_have_two(tmp_path: Path) -> None:
    """The key of one opens nothing in another."""
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    assert AccessKey.make(folders[0]) != AccessKey.make(folders[1])


def test_a_rehearsal_without_one_says_what_to_do(tmp_path: Path) -> None:
    """Such as one that an older version of the kit has started."""
    with pytest.raises(CloudError, match=r"no access key in .*make down`, then `make up"):
        AccessKey.read(tmp_path)
