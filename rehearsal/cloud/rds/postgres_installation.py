"""The PostgreSQL that this machine has, in Debian's layout."""

import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_INSTALLATIONS = Path("/usr/lib/postgresql")


class PostgresMissingError(RuntimeError):
    """No PostgreSQL server is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parameter:
    """What PostgreSQL says of one of its parameters."""

    context: str
    type: str
    low: str
    high: str

    def allows(self, value: str) -> bool:
        """Whether a value without a unit is in the parameter's range."""
        match self.type:
            case "BOOLEAN":
                return value.lower() in ("0", "1", "on", "off", "true", "false")
            case "INTEGER" | "REAL":
                try:
                    return float(self.low) <= float(value) <= float(self.high)
                except ValueError:
                    return False
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """PostgreSQL's programs of one major version, in Debian's layout."""

    major: int

    @property
    def bin(self) -> Path:
        """Where `initdb` and `postgres` are."""
        return _INSTALLATIONS / str(self.major) / "bin"

    @property
    def static_parameters(self) -> frozenset[str]:
        """Parameters that only a restart changes."""
        known = _parameters(self.bin).items()
        return frozenset(name for name, parameter in known if parameter.context == "postmaster") | {
            "pg_stat_statements.max"
        }

    @property
    def parameters(self) -> frozenset[str]:
        """Every parameter that this version knows."""
        return frozenset(_parameters(self.bin))

    def allows(self, name: str, value: str, values: Collection[str] | None = None) -> bool:
        """Whether a parameter may have a value: one of `values`, or what PostgreSQL says of its type."""
        if values is not None:
            return value in values
        parameter = _parameters(self.bin).get(name)
        return parameter is None or parameter.allows(value)

    def libraries(self, names: str) -> str:
        """Those of a comma-separated list of preload libraries that are installed."""
        folder = _INSTALLATIONS / str(self.major) / "lib"
        wanted = [name.strip() for name in names.split(",") if name.strip()]
        return ",".join(name for name in wanted if (folder / f"{name}.so").exists())


def installation_for(engine_version: str) -> Installation:
    """The installed major version that was asked for, else the newest; raises PostgresMissingError."""
    majors = sorted(int(path.parent.parent.name) for path in _INSTALLATIONS.glob("[0-9]*/bin/postgres"))
    if not majors:
        raise PostgresMissingError(
            f"no PostgreSQL in {_INSTALLATIONS}: install Debian's package `postgresql`"
        )
    asked = engine_version.partition(".")[0]
    return Installation(major=int(asked) if asked in map(str, majors) else majors[-1])


@cache
def _parameters(bin_: Path) -> Mapping[str, _Parameter]:
    described = subprocess.run(
        [bin_ / "postgres", "--describe-config"], capture_output=True, text=True, check=True
    ).stdout
    fields = (line.split("\t") for line in described.splitlines())
    return {
        name: _Parameter(context=context, type=type, low=low, high=high)
        for name, context, _, type, _, low, high, *_ in fields
    }
