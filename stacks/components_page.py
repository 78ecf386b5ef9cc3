"""docs/components.md, made of what the components' classes say: `python -m stacks reference components`."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import get_type_hints

import pulumi

import components
from stacks.settings_page import paragraphs

HEAD = """\
# Components

Every Pulumi component of the kit: what it makes, its arguments, and its outputs.
Each is `Name(name, args, opts)`, in one file of `components/`; `evenkeel/kit.py` puts them together.
The names of its resources are `name` and a stable suffix.
Where an argument is a component's settings, [settings.md](settings.md) has each of them.

`python -m stacks reference components` makes this page of the classes.
"""


def components_page() -> str:
    """The page's text."""
    entries = (line for kind in all_components() for line in _component(kind))
    return "\n".join([HEAD, *entries]).rstrip() + "\n"


def all_components() -> list[type[pulumi.ComponentResource]]:
    """The classes, by name."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(components.__path__, f"{components.__name__}.")
    ]
    kinds = [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, pulumi.ComponentResource)
        and kind.__module__ == module.__name__
    ]
    return sorted(kinds, key=lambda kind: kind.__name__)


def _component(kind: type[pulumi.ComponentResource]) -> Iterator[str]:
    yield f"## {kind.__name__}\n"
    yield paragraphs(inspect.getdoc(kind) or "")
    yield f"In `{kind.__module__.replace('.', '/')}.py`.\n"
    arguments: type = get_type_hints(kind.__init__)["args"]
    yield f"**Arguments**, `{arguments.__name__}`: {_sentence(inspect.getdoc(arguments) or '')}\n"
    yield from _table("argument", arguments)
    yield "**Outputs**\n"
    yield from _table("output", kind)


def _table(head: str, group: type) -> Iterator[str]:
    rows = [f"| `{name}` | `{kind}` | {_sentence(text)} |" for name, kind, text in annotated(group)]
    if not rows:
        yield "None.\n"
        return
    yield f"| {head} | type | meaning |\n|---|---|---|"
    yield from rows
    yield ""


def annotated(group: type) -> list[tuple[str, str, str]]:
    """Name, type and description of each annotated name of a class, in its own words."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(group))).body
    assert isinstance(definition, ast.ClassDef)
    return [
        (field.target.id, ast.unparse(field.annotation).replace("|", "\\|"), _text(below))
        for field, below in pairwise([*definition.body, ast.Pass()])
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    ]


def _text(statement: ast.stmt) -> str:
    """The string that stands alone, or nothing."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
    return ""


def _sentence(text: str) -> str:
    """On one line."""
    return " ".join(paragraphs(text).split())
