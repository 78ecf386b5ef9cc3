"""Parameters: RDS's formulas and defaults, as PostgreSQL is to see them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.rds.parameters import (
    CAPS,
    FormulaError,
    InstanceClass,
    changed,
    evaluate,
    merge,
    quote,
    render,
    settings,
)

GIB = 1 << 30
MICRO = InstanceClass(memory=GIB, vcpu=2, allocated_storage=20, port=5432)
KNOWN = frozenset({"max_connections", "shared_buffers", "effective_cache_size", "maintenance_work_mem"}) | {
    "shared_preload_libraries",
    "password_encryption",
    "work_mem",
}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("LEAST({DBInstanceClassMemory/9531392},5000)", "112"),
        ("{DBInstanceClassMemory/16384}", "65536"),
        ("GREATEST({DBInstanceClassMemory*1024/63963136},65536)", "65536"),
        ("{DBInstanceClassMemory*3/4}", "805306368"),
        ("SUM({DBInstanceVCPU*2},-1)", "3"),
        ("{log(DBInstanceClassMemory/8388608)*1000}", "7000"),
        ("{AllocatedStorage}", "20"),
        ("{EndPointPort}", "5432"),
    ],
)
def test_a_formula_comes_to_the_number_that_rds_computes(formula: str, value: str) -> None:
    """The examples of the User Guide, for 1 GiB."""
    assert evaluate(formula, MICRO) == value


@pytest.mark.parametrize(
    "formula",
    ["{NoSuchVariable/2}", "{1/0}", "{DBInstanceClassMemory", "{__import__('os')}", "{'a'*9}", "{MAX(1,2)}"],
)
def test_anything_else_in_a_formula_is_refused(formula: str) -> None:
    """By name, and nothing of it is run."""
    with pytest.raises(FormulaError) as refused:
        evaluate(formula, MICRO)
    assert repr(formula) in str(refused.value)


@given(st.integers(min_value=GIB // 2, max_value=1024 * GIB), st.integers(min_value=1, max_value=128))
def test_no_class_takes_more_than_a_laptop_can_spare(memory: int, vcpu: int) -> None:
    """The connections stay those of the class: budgets are checked against them."""
    large = InstanceClass(memory=memory, vcpu=vcpu, allocated_storage=20, port=5432)
    found = settings({"work_mem": "{DBInstanceClassMemory/1024}"}, large, KNOWN).postgres
    assert all(int(found[name]) <= CAPS[name] for name in CAPS.keys() & found.keys())
    assert int(found["max_connections"]) == min(memory // 9531392, 5000)


def test_parameters_of_rds_alone_are_set_apart() -> None:
    """And TLS is forced unless the group says otherwise."""
    found = settings({"rds.logical_replication": "1", "pg_stat_statements.track": "all"}, MICRO, KNOWN)
    assert found.without_body == {"rds.logical_replication": "1"}
    assert found.postgres["pg_stat_statements.track"] == "all"
    assert found.force_ssl
    assert not settings({"rds.force_ssl": "0"}, MICRO, KNOWN).force_ssl


def test_only_the_named_parameters_move_to_the_new_settings() -> None:
    """The rest waits for the reboot."""
    old = settings({"work_mem": "4096", "max_connections": "100"}, MICRO, KNOWN)
    new = settings({"max_connections": "50", "rds.force_ssl": "0"}, MICRO, KNOWN)
    assert changed(old, new) == {"work_mem", "max_connections"}
    merged = merge(old, new, frozenset({"work_mem"}))
    assert "work_mem" not in merged.postgres
    assert merged.postgres["max_connections"] == "100"
    assert not merged.force_ssl
    assert changed(merged, new) == {"max_connections"}


@given(st.text("ab '\\"))
def test_a_quoted_value_is_one_string_with_nothing_lost(value: str) -> None:
    """Read back by the two rules of postgresql.conf."""
    inner = quote(value)[1:-1]
    assert re.fullmatch(r"(''|\\\\|[^'\\])*", inner)
    assert re.sub(r"(['\\])\1", r"\1", inner) == value


def test_the_configuration_is_one_line_a_parameter() -> None:
    """Sorted, so that a difference can be read."""
    assert render({"b": "it's", "a": "1"}) == "a = '1'\nb = 'it''s'\n"
