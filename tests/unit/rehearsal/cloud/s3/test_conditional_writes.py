"""Writes to one key at the same time."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.cloud.s3 import conditional_writes


def request(key: str, **headers: str) -> Any:
    """As moto has it."""
    return SimpleNamespace(bucket_name="bucket", parse_key_name=lambda: key, headers=headers)


def test_a_conditional_write_conflicts_with_one_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto looks before it writes: both would find their condition met. Another key has no part in it."""
    began, may_end = threading.Event(), threading.Event()

    def write(response: Any) -> str:
        if response.headers.get("Slow"):
            began.set()
            assert may_end.wait(timeout=10)
        return "written"

    monkeypatch.setattr(conditional_writes, "_put_object", write)
    slow = threading.Thread(target=conditional_writes._put, args=[request("one", Slow="yes")])
    slow.start()
    assert began.wait(timeout=10)
    for condition in ({"If-Match": "etag"}, {"If-None-Match": "*"}):
        status, _, body = conditional_writes._put(request("one", **condition))
        assert (status, b"ConditionalRequestConflict" in body) == (409, True)
    assert conditional_writes._put(request("two", **{"If-Match": "etag"})) == "written"
    may_end.set()
    slow.join()
    assert conditional_writes._put(request("one", **{"If-Match": "etag"})) == "written"
