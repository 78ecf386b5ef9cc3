"""What the statements so far made true, of the file and of the folder: the planner knows no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from migrator.column_types import ColumnType
from migrator.names import of_object, of_relation, qualified, quote
from migrator.parse import is_a
from migrator.promises import Promises
from migrator.tree import columns_in, commands, is_serial, of_column, proves_not_null


@dataclass(kw_only=True, slots=True)
class Constraint:
    """The columns that a constraint reads, the one it proves NOT NULL, the table it refers to."""

    columns: set[str] = field(default_factory=set)
    definition: Any = None
    not_null: str | None = None
    other: str | None = None
    valid: bool = True


@dataclass(kw_only=True, slots=True)
class Facts:
    """`made` holds the file's own tables, views, types and domains; all else is the folder's.

    A table of which the folder has no CREATE TABLE, or which a DO block may have changed, has no columns
    here: what is not known is taken to hurt.
    """

    made: set[str] = field(default_factory=set)
    columns: dict[str, dict[str, ColumnType | None]] = field(default_factory=dict)
    constraints: dict[tuple[str, str], Constraint] = field(default_factory=dict)
    partitioned: set[str] = field(default_factory=set)
    partition_keys: dict[str, str] = field(default_factory=dict)  # of one plain column
    default_partitions: dict[str, str] = field(default_factory=dict)
    constrained_domains: set[str] = field(default_factory=set)
    indexes: Promises = field(default_factory=Promises)

    def next_file(self) -> None:
        self.made.clear()

    def type_of(self, table: str, column: str) -> ColumnType | None:
        """A column's present type, if the folder tells."""
        return self.columns.get(table, {}).get(column)

    def proven(self, table: str, column: str) -> bool:
        """Whether a valid constraint says that the column has no NULL."""
        return any(item.valid and item.not_null == column for item in self.of_table(table).values())

    def checked(self, table: str, column: str) -> bool:
        """Whether a constraint reads the column, and so may read its rows again when its type changes."""
        own = any(column in item.columns for item in self.of_table(table).values())
        return own or any(item.other == table for item in self.constraints.values())

    def of_table(self, table: str) -> dict[str, Constraint]:
        """A table's constraints by name."""
        return {name: item for (owner, name), item in self.constraints.items() if owner == table}

    def learn(self, node: Any) -> None:
        """Takes a statement that has been planned into account."""
        self.indexes.follow(node)
        if is_a(node, ast.DoStmt, ast.CallStmt):  # nobody can tell what it does
            self.columns.clear()
            self.constraints.clear()
            self.partition_keys.clear()
        elif is_a(node, ast.CreateStmt):
            self._create(node)
        elif is_a(node, ast.CreateTableAsStmt) and not node.if_not_exists:
            self.made.add(of_relation(node.into.rel))
        elif is_a(node, ast.ViewStmt) and not node.replace:
            self.made.add(of_relation(node.view))
        elif is_a(node, ast.CompositeTypeStmt):
            self.made.add(of_relation(node.typevar))
        elif is_a(node, ast.CreateEnumStmt, ast.CreateRangeStmt):
            self.made.add(of_object(node.typeName))
        elif is_a(node, ast.CreateDomainStmt):
            self._domain(of_object(node.domainname), node.constraints or ())
        elif is_a(node, ast.AlterDomainStmt) and node.subtype in ("C", "O"):
            self.constrained_domains.add(of_object(node.typeName))
        elif is_a(node, ast.DropStmt):
            self._drop(node)
        elif is_a(node, ast.RenameStmt, ast.AlterObjectSchemaStmt):
            self._rename(node)
        elif is_a(node, ast.AlterTableStmt):
            self._alter(node)

    def _create(self, node: Any) -> None:
        """With IF NOT EXISTS it may be an older table, of which nothing is known."""
        table = of_relation(node.relation)
        if node.if_not_exists:
            return
        self.made.add(table)
        self.columns[table] = {}
        if node.partspec:
            self.partitioned.add(table)
            if len(node.partspec.partParams) == 1 and node.partspec.partParams[0].name:
                self.partition_keys[table] = node.partspec.partParams[0].name
        if node.partbound and node.partbound.is_default:
            self.default_partitions[of_relation(node.inhRelations[0])] = table
        for element in node.tableElts or ():
            if is_a(element, ast.ColumnDef):
                self._add_column(table, element)
            elif is_a(element, ast.Constraint):
                self._constrain(table, element)

    def _domain(self, name: str, constraints: Any) -> None:
        self.made.add(name)
        if any(item.contype in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_NOTNULL) for item in constraints):
            self.constrained_domains.add(name)

    def _add_column(self, table: str, column: Any) -> None:
        if column.typeName:  # else it is its parent's
            self.columns.setdefault(table, {})[column.colname] = ColumnType.of(column.typeName)
        for constraint in of_column(column, ConstrType.CONSTR_CHECK, ConstrType.CONSTR_FOREIGN):
            self._constrain(table, constraint, column=column.colname)
        kinds = (ConstrType.CONSTR_NOTNULL, ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_IDENTITY)
        if of_column(column, *kinds) or is_serial(column):
            self._set_not_null(table, column.colname)

    def _set_not_null(self, table: str, column: str) -> None:
        """Under the name that PostgreSQL gives such a constraint from 18 on."""
        self.constraints[table, f"{_bare(table)}_{column}_not_null"] = Constraint(not_null=column)

    def _constrain(self, table: str, constraint: Any, *, column: str = "") -> None:
        """Of a column, or of the table."""
        if constraint.contype == ConstrType.CONSTR_PRIMARY:
            for key in self._keys(table, constraint):
                self._set_not_null(table, key)
            return
        columns = _columns(constraint) | ({column} if column else set())
        name = constraint.conname or self._name(table, constraint, "_".join(sorted(columns)))
        self.constraints[table, name] = Constraint(
            columns=columns,
            definition=constraint,
            not_null=proves_not_null(constraint),
            other=of_relation(constraint.pktable) if constraint.pktable else None,
            valid=not constraint.skip_validation,
        )

    def _keys(self, table: str, primary: Any) -> set[str]:
        if primary.indexname:
            return self.indexes.columns_of(table, primary.conname or primary.indexname)
        return {key.sval for key in primary.keys or ()}

    def _name(self, table: str, constraint: Any, columns: str) -> str:
        """As PostgreSQL names one, so that a DROP CONSTRAINT is understood."""
        kind = "fkey" if constraint.pktable else "check"
        name = "_".join(part for part in (_bare(table), columns, kind) if part)
        taken = sum(known.rstrip("0123456789") == name for known in self.of_table(table))
        return f"{name}{taken or ''}"

    def _drop(self, node: Any) -> None:
        if node.removeType == ObjectType.OBJECT_TABLE:
            for names in node.objects:
                self._forget(of_object(names))
        if node.removeType == ObjectType.OBJECT_SCHEMA:
            schemas = tuple(quote(name.sval) + "." for name in node.objects)
            for table in [table for table in self.columns if table.startswith(schemas)]:
                self._forget(table)

    def _forget(self, table: str) -> None:
        self.made.discard(table)
        self.columns.pop(table, None)
        self.constraints = {key: item for key, item in self.constraints.items() if key[0] != table}

    def _rename(self, node: Any) -> None:
        """A table's own; a column's and a constraint's forget what was known of them."""
        moved = is_a(node, ast.AlterObjectSchemaStmt)
        kind = node.objectType if moved else node.renameType
        if kind == ObjectType.OBJECT_TABCONSTRAINT:
            old = self.constraints.pop((of_relation(node.relation), node.subname), None)
            if old:
                self.constraints[of_relation(node.relation), node.newname] = old
        elif kind == ObjectType.OBJECT_COLUMN and node.relation:
            self._rename_column(of_relation(node.relation), node.subname, node.newname)
        elif kind in (ObjectType.OBJECT_TYPE, ObjectType.OBJECT_DOMAIN) and not moved:
            name = of_object(node.object)
            self._rename_made(name, qualified(*(part.sval for part in node.object[:-1]), node.newname))
        elif kind == ObjectType.OBJECT_TABLE:
            table = of_relation(node.relation)
            schema = node.newschema if moved else node.relation.schemaname
            self._rename_table(table, qualified(schema, node.relation.relname if moved else node.newname))

    def _rename_made(self, old: str, new: str) -> None:
        for names in (self.made, self.constrained_domains, self.partitioned):
            if old in names:
                names.discard(old)
                names.add(new)

    def _rename_table(self, old: str, new: str) -> None:
        self._rename_made(old, new)
        if old in self.columns:
            self.columns[new] = self.columns.pop(old)
        self.constraints = {
            (new if table == old else table, name): item for (table, name), item in self.constraints.items()
        }
        for item in self.constraints.values():
            item.other = new if item.other == old else item.other

    def _rename_column(self, table: str, old: str, new: str) -> None:
        columns = self.columns.get(table, {})
        if old in columns:
            columns[new] = columns.pop(old)
        for item in self.of_table(table).values():
            item.not_null = new if item.not_null == old else item.not_null
            if old in item.columns:
                item.columns ^= {old, new}

    def _alter(self, node: Any) -> None:
        for table, command in commands(node, *AlterTableType):
            if command.subtype == AlterTableType.AT_AddColumn:
                if not command.missing_ok:  # else it may be an older one, of another type
                    self._add_column(table, command.def_)
            elif command.subtype == AlterTableType.AT_DropColumn:
                self._drop_column(table, command.name)
            elif command.subtype == AlterTableType.AT_AlterColumnType:
                if command.name in self.columns.get(table, {}):
                    self.columns[table][command.name] = ColumnType.of(command.def_.typeName)
            elif command.subtype == AlterTableType.AT_SetNotNull:
                self._set_not_null(table, command.name)
            elif command.subtype == AlterTableType.AT_DropNotNull:
                self._drop_not_null(table, command.name)
            elif command.subtype == AlterTableType.AT_AddConstraint:
                self._constrain(table, command.def_)
            elif command.subtype == AlterTableType.AT_AttachPartition and command.def_.bound.is_default:
                self.default_partitions[table] = of_relation(command.def_.name)
            elif command.subtype == AlterTableType.AT_DropConstraint:
                self.constraints.pop((table, command.name), None)
            elif command.subtype == AlterTableType.AT_ValidateConstraint:
                found = self.constraints.get((table, command.name))
                if found:
                    found.valid = True

    def _drop_not_null(self, table: str, column: str) -> None:
        """A check that says the same stays."""
        for name, item in self.of_table(table).items():
            if item.not_null == column and not item.columns:
                self.constraints.pop((table, name))

    def _drop_column(self, table: str, column: str) -> None:
        self.columns.get(table, {}).pop(column, None)
        gone = [name for name, item in self.of_table(table).items() if column in item.columns]
        for name in gone:
            self.constraints.pop((table, name))


def _bare(table: str) -> str:
    """A quoted name without quotes and schema."""
    return table.split('"')[-2]


def _columns(constraint: Any) -> set[str]:
    """Of a check, an exclusion or a foreign key: the plain index of another stays when a type changes."""
    if constraint.contype == ConstrType.CONSTR_FOREIGN:
        return {part.sval for part in constraint.fk_attrs or ()}
    if constraint.contype not in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_EXCLUSION):
        return set()
    return columns_in(constraint) | {
        element.name for element, _ in constraint.exclusions or () if element.name
    }
