"""stacks/reference.yaml, made of what the settings' classes say: `python -m stacks reference`."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import yaml

from budgets.problems import NAMESPACE
from stacks.sections import Settings
from stacks.settings import fields, models

WIDTH = 120
HEAD = f"""\
# Every setting, with its default and what it does. A stack file (Pulumi.<stack>.yaml) holds what differs:
#
#     pulumi config set --path '{NAMESPACE}:app.port' 3100
#
# Times are seconds, sizes GiB, unless a name says otherwise. `python -m stacks reference` makes this file
# of what components/ and stacks/sections.py say.
config:
"""


def reference() -> str:
    """The file's text."""
    defaults = Settings().model_dump(mode="json")
    return HEAD + "\n".join(
        "\n".join(_section(name, kind, defaults[name])) + "\n" for name, kind in fields(Settings).items()
    )


def descriptions(group: type) -> dict[str, str]:
    """What a class says of its fields, by name: the text below each, without its indent."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(group))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _section(name: str, kind: Any, default: Any) -> Iterator[str]:
    group = next(models(kind), None)
    if group is None:
        yield from _comment(descriptions(Settings)[name], indent=2)
        yield f"  {NAMESPACE}:{name}: {flow(default)}"
        return
    yield from _comment(inspect.getdoc(group) or "", indent=2)
    yield f"  {NAMESPACE}:{name}:"
    said = descriptions(group)
    for field in fields(group):
        yield from _comment(said.get(field, ""), indent=4)
        yield f"    {field}: {flow(default[field])}"


def _comment(text: str, *, indent: int) -> Iterator[str]:
    """The paragraphs as comments; an indented one, an example, keeps its lines."""
    start = f"{' ' * indent}# "
    for paragraph in filter(None, text.split("\n\n")):
        if paragraph.startswith(" "):
            yield from (f"{start}{line}" for line in paragraph.rstrip().split("\n"))
        else:
            flat = " ".join(paragraph.split("\n"))
            yield from textwrap.wrap(
                flat,
                WIDTH,
                initial_indent=start,
                subsequent_indent=start,
                break_long_words=False,
                break_on_hyphens=False,
            )


def flow(value: Any) -> str:
    """The value on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return text.removesuffix("\n").removesuffix("\n...")
