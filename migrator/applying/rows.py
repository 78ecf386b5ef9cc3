"""Runs a transaction's statements so that no older row is lost without an allowance."""

from __future__ import annotations

from collections.abc import Callable

from migrator.applying.effects import Effects
from migrator.applying.inventory import Inventory
from migrator.errors import Refused
from migrator.plan import HIDDEN_CHANGE, Hazard, PlannedMigration, Statement, shortened
from migrator.postgres import Session


class Rows:
    """Of one transaction. A statement is judged by what its names mean now, then by what it did."""

    def __init__(
        self,
        session: Session,
        inventory: Inventory,
        migration: PlannedMigration,
        execute: Callable[[str], object],
    ) -> None:
        self._session, self._inventory, self._migration = session, inventory, migration
        self._execute = execute
        self._effects = Effects(session, inventory)
        self._last: tuple[int, Statement] | None = None

    def run(self, number: int, statement: Statement) -> None:
        """Raises Refused before or after; either way the transaction has to be rolled back."""
        if statement.sets:  # SET TRANSACTION has to come before any query, of ours too
            self._execute(statement.sql)
            return
        self._refuse_names(number, statement)
        self._effects.begin()
        self._execute(statement.sql)
        self._refuse_effects(number, statement)
        self._last = number, statement

    def settle(self) -> None:
        """Does what is deferred to the transaction's end, which then belongs to its last statement."""
        if self._last and self._inventory.rows:
            self._session.run("SET CONSTRAINTS ALL IMMEDIATE")
            self._refuse_effects(*self._last)

    def _refuse_names(self, number: int, statement: Statement) -> None:
        for hazard in (*statement.refusals, *statement.own):
            if older := self._older(hazard):
                raise Refused(
                    f"{self._migration.refusal(number, hazard)}\n"
                    f"Found right before it ran: {older} is one that was there before this run"
                )

    def _older(self, hazard: Hazard) -> str | None:
        """What the hazard would hurt, if that was there before."""
        if hazard.table:
            return hazard.table if self._inventory.misses(hazard.table) else None
        if hazard.object_kind and self._inventory.misses_object(hazard.object_kind, hazard.object_name):
            return f"{hazard.object_kind} {hazard.object_name}"
        return None

    def _refuse_effects(self, number: int, statement: Statement) -> None:
        found = self._effects.of(statement)
        if found:
            raise Refused(
                f"{self._migration.place(number)} is refused ({HIDDEN_CHANGE})\n"
                f"  {shortened(statement.title)}\n"
                f"it {', '.join(found)}: rows that were there before this run. "
                "Its text does not say so, and it was rolled back\n"
                "Write what it does as statements of their own, which can be judged before they run.\n"
                "If it must be, say why before the statement: "
                f"-- migrator: allow {HIDDEN_CHANGE} because <reason>"
            )
