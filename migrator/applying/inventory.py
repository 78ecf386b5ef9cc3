"""What was there before the run, by oid, since a name may mean something else at each statement.

A token is an oid with a letter for its catalogue: none for a relation, as `16385`, and `t` for a type,
`f` for a function, `n` for a schema, `x` for an extension, as `t16390`.
"""

from __future__ import annotations

from migrator.ledger import Ledger
from migrator.postgres import SYSTEM_SCHEMAS, Session, filled

CATALOGUES = {
    "r": f"""SELECT CAST(oid AS text) AS token, xmin FROM pg_catalog.pg_class
        WHERE relkind IN ('r', 'p', 'm', 'f', 'v', 'S') AND relpersistence <> 't'
        AND relnamespace <> ALL ({SYSTEM_SCHEMAS})""",
    "t": f"""SELECT 't' || oid AS token, xmin FROM pg_catalog.pg_type
        WHERE typnamespace <> ALL ({SYSTEM_SCHEMAS})""",
    "f": f"""SELECT 'f' || oid AS token, xmin FROM pg_catalog.pg_proc
        WHERE pronamespace <> ALL ({SYSTEM_SCHEMAS})""",
    "n": "SELECT 'n' || oid AS token, xmin FROM pg_catalog.pg_namespace",
    "x": "SELECT 'x' || oid AS token, xmin FROM pg_catalog.pg_extension",
}
"""By the letter that a plan has for it (`Statement.makes`)."""
OBJECTS = " UNION ALL ".join(CATALOGUES.values())
RESOLVED = {
    "type": "SELECT 't' || CAST(pg_catalog.to_regtype(:name) AS oid)",
    "schema": "SELECT 'n' || CAST(pg_catalog.to_regnamespace(:name) AS oid)",
    "sequence": "SELECT CAST(CAST(pg_catalog.to_regclass(:name) AS oid) AS text)",
    "extension": "SELECT 'x' || oid FROM pg_catalog.pg_extension"
    " WHERE ARRAY[CAST(extname AS text)] = pg_catalog.parse_ident(:name)",
    "index": "SELECT CAST(indrelid AS text) FROM pg_catalog.pg_index"
    " WHERE indexrelid = pg_catalog.to_regclass(:name)",
    # Whichever of its parameters: a name has several.
    "function": """SELECT 'f' || p.oid FROM pg_catalog.pg_proc p, pg_catalog.parse_ident(:name) part
                   WHERE p.proname = part[pg_catalog.array_upper(part, 1)]
                   AND CASE WHEN pg_catalog.array_length(part, 1) > 1
                       THEN p.pronamespace = pg_catalog.to_regnamespace(pg_catalog.quote_ident(part[1]))
                       ELSE pg_catalog.pg_function_is_visible(p.oid) END""",
}
"""By kind, the tokens of what a quoted name means now."""


class Inventory:
    """What the run found, without what an interrupted run before it made.

    `rows` are the plain tables with rows that somebody may miss. Of what others make meanwhile, nothing
    is taken to be the run's own: that is recorded, in the transaction that makes it.
    """

    def __init__(self, session: Session, ledger: Ledger) -> None:
        self._session = session
        self._made = ledger.made()
        self._alone = _alone(session)
        self._missed: dict[int, bool] = {}
        self._found = {
            token for (token,) in session.rows(f"SELECT token FROM ({OBJECTS}) object")
        } - self._made
        tables = [
            (oid, kind, filled)
            for oid, kind, filled in session.rows(
                f"""SELECT c.oid, c.relkind, NOT CAST(:alone AS boolean) OR pg_relation_size(c.oid) > 0
                    FROM pg_class c
                    WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
                    AND c.relnamespace <> ALL ({SYSTEM_SCHEMAS})
                    AND NOT EXISTS (
                        SELECT FROM unnest(CAST(:ledger AS text[])) name WHERE to_regclass(name) = c.oid)
                    AND NOT EXISTS (
                        SELECT FROM pg_depend d WHERE d.classid = CAST('pg_class' AS regclass)
                        AND d.objid = c.oid AND d.deptype = 'e')""",
                alone=self._alone,
                ledger=ledger.tables,
            )
            if str(oid) in self._found
        ]
        self.no_tables = not tables
        self.rows = [oid for oid, kind, filled in tables if kind == "r" and filled and self._is_missed(oid)]

    def misses(self, name: str) -> bool:
        """Whether a quoted name now means a relation that somebody may miss; not when it means none."""
        known = self._session.rows(
            "SELECT oid, pg_catalog.age(xmin) <= 0 FROM pg_catalog.pg_class"
            " WHERE oid = pg_catalog.to_regclass(:name)",
            name=name,
        )
        if not known:
            return False
        oid, of_this_transaction = known[0]
        return not self._is_own(str(oid), of_this_transaction) and self._is_missed(oid)

    def misses_object(self, kind: str, name: str) -> bool:
        """The same for what a query can name besides, see `Hazard`; without tables nobody asks for it."""
        if self.no_tables:
            return False
        found = self._session.rows(
            f"""SELECT object.token, pg_catalog.age(object.xmin) <= 0 FROM ({OBJECTS}) object
                WHERE object.token IN ({RESOLVED[kind]})""",
            name=name,
        )
        return not all(self._is_own(token, of_this_transaction) for token, of_this_transaction in found)

    def making(self, letters: set[str]) -> str:
        """SQL for the tokens of what the transaction under way has made, in catalogues of these letters.

        The ledger's row keeps them.
        """
        if not letters:
            return "''"
        objects = " UNION ALL ".join(CATALOGUES[letter] for letter in sorted(letters))
        return filled(
            f"""(SELECT pg_catalog.string_agg(token, ' ') FROM ({objects}) object
                WHERE pg_catalog.age(xmin) <= 0 AND token <> ALL (CAST(:found AS text[])))""",
            found=sorted(self._found),
        )

    def made(self, tokens: set[str]) -> None:
        """After that transaction."""
        self._made |= tokens

    def is_new(self, table: str) -> bool:
        """Whether a table of that quoted name was made by this run, or by the one that it resumes."""
        found = self._session.rows("SELECT CAST(CAST(to_regclass(:table) AS oid) AS text)", table=table)
        return found[0][0] in self._made

    def _is_own(self, token: str, of_this_transaction: bool) -> bool:
        """Whether this run made it, or the one that it resumes."""
        return token in self._made or (of_this_transaction and token not in self._found)

    def _is_missed(self, oid: int) -> bool:
        if oid not in self._missed:
            self._missed[oid] = self._serves_somebody(oid)
        return self._missed[oid]

    def _serves_somebody(self, oid: int) -> bool:
        """An empty table with nobody connected serves nobody, nor does a view that was never refreshed."""
        relation = self._session.rows(
            """SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relispopulated,
                      pg_catalog.has_table_privilege(c.oid, 'SELECT')
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.oid = CAST(:oid AS oid)""",
            oid=oid,
        )
        if not relation:
            return False
        name, populated, readable = relation[0]
        if self._alone and readable and populated:
            return bool(self._session.rows(f"SELECT 1 FROM {name} LIMIT 1"))
        return bool(populated)


def _alone(session: Session) -> bool:
    """Whether nobody else is connected; rdsadmin is RDS' own watcher."""
    others = session.rows(
        """SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
           AND pid <> pg_backend_pid() AND usename <> 'rdsadmin' LIMIT 1"""
    )
    return not others
