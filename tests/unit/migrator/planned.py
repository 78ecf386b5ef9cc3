"""A plan of scripts, for tests: the migrations are named m1, m2, ..."""

from __future__ import annotations

from migrator.folder import Migration
from migrator.plan import Plan, Statement
from migrator.planning import planner


def plan(*scripts: str) -> Plan:
    return planner.make([Migration(name=f"m{number}", sql=sql) for number, sql in enumerate(scripts, 1)])


def statements(script: str) -> tuple[Statement, ...]:
    return plan(script).migrations[0].statements
