"""A DB parameter group's values for PostgreSQL: formulas, RDS's own defaults, what a laptop can spare.

Pure. Source of the formulas' grammar and variables: "Specifying DB parameters" of the Amazon RDS User Guide.
"""

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

# What RDS has where a parameter group sets nothing. Source: DescribeEngineDefaultParameters, postgres16.
DEFAULTS = {
    "max_connections": "LEAST({DBInstanceClassMemory/9531392},5000)",
    "shared_buffers": "{DBInstanceClassMemory/32768}",
    "effective_cache_size": "{DBInstanceClassMemory/16384}",
    "maintenance_work_mem": "GREATEST({DBInstanceClassMemory*1024/63963136},65536)",
    "shared_preload_libraries": "pg_stat_statements",
    "password_encryption": "scram-sha-256",
    "rds.force_ssl": "1",
}

# The most that one database of a rehearsal may take for itself, in PostgreSQL's own units.
CAPS = {
    "shared_buffers": 16_384,  # 8 KiB pages: 128 MiB
    "maintenance_work_mem": 262_144,  # KiB: 256 MiB
    "work_mem": 65_536,  # KiB: 64 MiB
    "wal_buffers": 2_048,  # 8 KiB pages: 16 MiB
}


class FormulaError(ValueError):
    """A parameter's value is a formula that RDS would refuse too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceClass:
    """What the formulas know of a DB instance."""

    memory: int
    """Bytes."""
    vcpu: int
    allocated_storage: int
    """GiB."""
    port: int

    @property
    def variables(self) -> dict[str, float]:
        """The names that a formula may use."""
        return {
            "DBInstanceClassMemory": self.memory,
            "DBInstanceVCPU": self.vcpu,
            "AllocatedStorage": self.allocated_storage,
            "EndPointPort": self.port,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerParameters:
    """What a server is to run with."""

    postgres: Mapping[str, str]
    force_ssl: bool
    without_body: Mapping[str, str]
    """Parameters that exist on RDS only and change nothing here, each with its value."""


def settings(
    group: Mapping[str, str], instance_class: InstanceClass, known: frozenset[str]
) -> ServerParameters:
    """The values of a parameter group (over RDS's defaults) for a server that knows the names `known`."""
    values = {name: resolve(name, value, instance_class) for name, value in {**DEFAULTS, **group}.items()}
    force_ssl = values.pop("rds.force_ssl") in ("1", "on", "true")
    postgres = {name: value for name, value in values.items() if _is_known(name, known)}
    return ServerParameters(
        postgres=postgres,
        force_ssl=force_ssl,
        without_body={name: value for name, value in values.items() if name not in postgres},
    )


def changed(old: ServerParameters, new: ServerParameters) -> frozenset[str]:
    """The names of PostgreSQL's parameters whose values differ."""
    return frozenset(name for name, _ in old.postgres.items() ^ new.postgres.items())


def merge(old: ServerParameters, new: ServerParameters, names: frozenset[str]) -> ServerParameters:
    """`old` with the values of `names` from `new`; whether TLS is forced never waits."""
    kept = {name: value for name, value in old.postgres.items() if name not in names}
    taken = {name: value for name, value in new.postgres.items() if name in names}
    return replace(old, postgres={**kept, **taken}, force_ssl=new.force_ssl)


def render(postgres: Mapping[str, str]) -> str:
    """Lines for postgresql.conf; every value quoted, which PostgreSQL accepts for each type."""
    return "".join(f"{name} = {quote(value)}\n" for name, value in sorted(postgres.items()))


def quote(value: str) -> str:
    """A string as postgresql.conf and SQL (with standard_conforming_strings) read it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def resolve(name: str, value: str, instance_class: InstanceClass) -> str:
    """One value: a formula becomes its number, and no number exceeds its cap."""
    number = evaluate(value, instance_class) if "{" in value else value
    if name in CAPS and number.lstrip("-").isdigit():
        return str(min(int(number), CAPS[name]))
    return number


@cache  # each round of the cloud asks again
def evaluate(formula: str, instance_class: InstanceClass) -> str:
    """The whole number that a formula such as `LEAST({DBInstanceClassMemory/9531392},5000)` stands for.

    Raises FormulaError for anything but numbers, variables, `+ - * /`, GREATEST, LEAST, SUM and log.
    """
    try:
        tree = ast.parse(formula.replace("{", "(").replace("}", ")"), mode="eval")
        return str(math.floor(_value(tree.body, instance_class.variables)))
    except (SyntaxError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise FormulaError(f"cannot evaluate the parameter formula {formula!r}: {error}") from error


_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "GREATEST": max,
    "LEAST": min,
    "SUM": lambda *terms: sum(terms),
    "log": math.log2,
}
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}


def _value(node: ast.expr, variables: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return variables[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, variables)
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATORS[type(operator)](_value(left, variables), _value(right, variables))
        case ast.Call(func=ast.Name(id=name), args=terms):
            return _FUNCTIONS[name](*(_value(term, variables) for term in terms))
    raise ValueError(f"{ast.unparse(node)} is not arithmetic")


def _is_known(name: str, known: frozenset[str]) -> bool:
    # PostgreSQL takes any `extension.parameter`; RDS's own ones are spelled like that and mean nothing to it.
    return name in known or bool(re.match(r"(pg_stat_statements|auto_explain|plpgsql)\.", name))
