"""File descriptors: enough for all connections of a server."""

import pytest

from stacks.budgets import DoesNotFit, open_files


def test_each_request_may_leave_a_connection_until_it_is_idle_for_too_long() -> None:
    """Twice 200 requests/s for 65 s are 26,000; 32,768 is the next power of two."""
    assert open_files(target_requests=200, keep_alive_timeout=65) == 32_768
    assert open_files(target_requests=1, keep_alive_timeout=6) == 2048


def test_more_than_linux_gives_a_process_is_refused() -> None:
    """With a value that fits to the last file."""
    with pytest.raises(DoesNotFit) as refused:
        open_files(target_requests=9000, keep_alive_timeout=65)
    assert str(refused.value) == (
        "evenkeel:app_servers.target_requests is 9000: kept alive for 65 s, their connections may be 2 x "
        "585000, and a process has 1048576 files at most. Set it to 8057."
    )
    assert open_files(target_requests=8057, keep_alive_timeout=65) == 1_048_576
