"""No setting alone loses a database, a Redis store, the key, a bucket or the network they are in.

Settings are changed and the whole program run. What a change would replace is judged by CloudFormation's
schemas, which name the properties that AWS can't change, and by the rehearsal's provider, not by the kit.
"""

import re
from dataclasses import is_dataclass
from datetime import timedelta
from functools import reduce
from itertools import permutations

import pytest

from stacks import replacements
from stacks.replacements import BUCKET, DATABASE, FIXED, KEY, STORE, VPC
from stacks.sections import Settings
from stacks.settings import StackSettingsError, fields, parse
from testkit.program import groups
from tests.unit.stacks.changed_settings import (
    CHANGES,
    NAME,
    REFUSED,
    TODAY,
    UNPROTECTED,
    base,
    changed,
    deployed,
    lost,
    refused,
    unprotected,
    with_changes,
)


def accepted() -> list[str]:
    """The settings that may be changed."""
    return [setting for setting in CHANGES if setting not in REFUSED]


MAKES_A_STORE = {"redis", "redis.separate_cache", "database", "database.existing"}
"""Settings whose way back makes what was not there."""
SPOT = "app_servers.on_demand_percentage"
GROUPS = [*groups([setting for setting in accepted() if setting != SPOT]), [SPOT]]
"""Of the settings that may be changed; Spot, which a warm pool excludes, has one of its own."""


def test_every_setting_has_another_value_here() -> None:
    """A new one needs its row, and so its judgement."""
    names = {
        f"{section}.{name}" if is_dataclass(values) else section
        for section, values in Settings()
        for name in (fields(type(values)) if is_dataclass(values) else [section])
    }
    assert CHANGES.keys() == names | {"redis", "database"}


def test_the_program_makes_what_the_guard_looks_at() -> None:
    """One database, two stores, the key, two buckets, the network; kind and name are those of the state."""
    assert sorted((one.kind, one.name) for one in deployed(base())) == sorted(
        [
            (DATABASE, "evenkeel-test-database"),
            (STORE, "evenkeel-test-sessions"),
            (STORE, "evenkeel-test-cache"),
            (KEY, "evenkeel-test"),
            (BUCKET, "evenkeel-test-logs"),
            (BUCKET, "evenkeel-test-artifacts"),
            (VPC, "evenkeel-test"),
        ]
    )


def test_every_value_here_is_another() -> None:
    """One that production has already would show nothing."""
    production = parse(with_changes({})).model_dump(mode="json")
    same = [
        setting
        for setting, value in CHANGES.items()
        if value == reduce(lambda values, name: values[name], setting.split("."), production)
    ]
    assert same == ["load_balancer.http_port"]


def test_no_change_can_hide_what_another_loses() -> None:
    """Of any two settings one is changed in a group in which the other is not."""
    for setting, other in permutations(accepted(), 2):
        assert any(setting in group and other not in group for group in GROUPS)


@pytest.mark.parametrize("group", GROUPS, ids=len)
def test_what_is_not_refused_loses_nothing(group: list[str]) -> None:
    """Neither by the change nor by the way back."""
    assert refused({setting: CHANGES[setting] for setting in group}) == []
    assert lost(base(), changed(*group)) == set()
    back = replacements.problems(parse(with_changes({})), NAME, deployed(changed(*group)), TODAY)
    assert back == []
    assert lost(changed(*group), base()) == set()


@pytest.mark.parametrize("setting", REFUSED)
def test_what_would_lose_something_is_refused(setting: str) -> None:
    """The refusal names the setting and everything that would be lost."""
    changes = {setting: CHANGES[setting]}
    gone = lost(base(), changed(setting)) - ({(VPC, "evenkeel-test")} if setting == "aws.region" else set())
    assert gone
    settings = parse(with_changes(changes))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert problem.setting == setting
    assert {(kind, name) for kind, name in gone if f"({name})" not in str(problem)} == set()


@pytest.mark.parametrize("setting", REFUSED)
def test_the_way_back_is_refused_too(setting: str) -> None:
    """Where it would lose something: a cache that gets a store of its own loses none."""
    gone = lost(changed(setting), base())
    problems = replacements.problems(parse(with_changes({})), NAME, deployed(changed(setting)), TODAY)
    assert [problem.setting for problem in problems] == ([setting] if gone else [])
    assert bool(gone) == (setting not in MAKES_A_STORE)


@pytest.mark.parametrize("setting", sorted(replacements.SETTINGS))
def test_a_permission_counts_on_its_own_day(setting: str) -> None:
    """Not the day before, not the day after; and what is protected stays."""
    allowed = {setting: CHANGES[setting], "allow_replacement": {setting: str(TODAY)}}
    found = deployed(unprotected())
    settings = parse(with_changes({**allowed, **UNPROTECTED}))
    for days, expected in ((-1, [setting]), (0, []), (1, [setting])):
        today = TODAY + timedelta(days=days)
        problems = replacements.problems(settings, NAME, found, today)
        assert [problem.setting for problem in problems] == expected
    # Where no settings of Redis are left, Pulumi's engine keeps what is protected.
    assert refused(allowed) == ([] if setting == "redis" else [setting])
    # RDS and S3 still protect what was not deployed without its protection.
    assert refused({**allowed, **UNPROTECTED}) == ([] if setting.startswith("redis") else [setting])


def test_nothing_is_refused_before_the_first_deployment() -> None:
    """Whatever the settings."""
    for setting in REFUSED:
        settings = parse(with_changes({setting: CHANGES[setting]}))
        assert replacements.problems(settings, NAME, [], TODAY) == []
    replacements.refuse_renamed(NAME, [])


@pytest.mark.parametrize("setting", REFUSED)
def test_a_guard_that_lacks_a_setting_is_noticed(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: the change is not refused, and it loses something."""
    monkeypatch.setattr(replacements, "FIXED", [each for each in FIXED if each.setting != setting])
    if setting not in {each.setting for each in FIXED}:
        monkeypatch.setattr(replacements, "deleted", lambda *_: [])
    changes = {setting: CHANGES[setting]}
    assert refused(changes) == []
    assert lost(base(), changed(setting)) != set()


def test_the_message_names_setting_loss_and_safe_way() -> None:
    """Word for word."""
    settings = parse(with_changes({"redis.port": 6380}))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert str(problem) == (
        "evenkeel:redis.port is 6380: it was 6379, and AWS can't change that: all that is cached "
        "(evenkeel-test-cache) and all sessions and queued messages (evenkeel-test-sessions) would be lost. "
        "Set it back to 6379, or move to a new stack: docs/runbooks/stores.md. To lose it on purpose, allow "
        "that for one day (UTC): "
        "pulumi config set --path 'evenkeel:allow_replacement[\"redis.port\"]' 2026-11-29."
    )


def test_the_message_says_that_only_the_cache_is_lost_with_its_store() -> None:
    """Sessions and queued messages are in the other one."""
    settings = parse(with_changes({"redis.separate_cache": False}))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert str(problem).startswith(
        "evenkeel:redis.separate_cache is false: it was true, and without it the cache has no store of its "
        "own: all that is cached (evenkeel-test-cache) would be lost. Set it back to true, or "
    )


def test_a_renamed_stack_is_refused() -> None:
    """Every name begins with the project's and the stack's."""
    with pytest.raises(replacements.Renamed, match=re.escape("now to be named evenkeel-live-database")):
        replacements.refuse_renamed("evenkeel-live", deployed(base()))
    replacements.refuse_renamed(NAME, deployed(base()))


def test_a_permission_for_what_is_never_refused_is_refused() -> None:
    """A misspelt one would be missed only when it counts."""
    with pytest.raises(StackSettingsError, match=re.escape(", ".join(sorted(replacements.SETTINGS)))):
        parse({"allow_replacement": {"redis.prot": "2026-11-29"}})


def test_the_network_can_not_be_allowed_to_change() -> None:
    """AWS would stop the deployment halfway; the message offers the new stack only."""
    assert set(REFUSED) - replacements.SETTINGS == {"network.cidr"}
    settings = parse(with_changes({"network.cidr": "10.1.0.0/16"}))
    (problem,) = replacements.problems(settings, NAME, deployed(base()), TODAY)
    assert problem.remedy == ('Set it back to "10.0.0.0/16", or move to a new stack: docs/runbooks/stores.md')
    with pytest.raises(StackSettingsError, match=r"allow_replacement is .*network\.cidr.*can't be allowed"):
        parse({"allow_replacement": {"network.cidr": str(TODAY)}})
