"""docs/settings.md, made of what the settings' classes say: `python -m stacks reference settings`."""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from budgets.problems import NAMESPACE
from stacks.reference import descriptions, flow
from stacks.sections import Settings
from stacks.settings import fields, models

HEAD = f"""\
# Settings

Every setting of a stack: what it takes, its default, and what it does.
The defaults are production's, and a stack's file `stacks/Pulumi.<stack>.yaml` holds only what differs.
Either edit that file, or let Pulumi write into it:

    pulumi config set --path '{NAMESPACE}:app.port' 3100

Times are seconds and sizes are GiB, unless a name says otherwise.
Unknown settings are refused, and so are values that do not go together.
A preview then names the setting, its value, the limit and the remedy.
[timeline.md](timeline.md) shows which numbers follow from which settings.

`python -m stacks reference settings` makes this page of what `components/` and `stacks/sections.py` say.
`stacks/reference.yaml` says the same in the form of a stack file.
"""
Schema = Mapping[str, Any]


def settings_page() -> str:
    """The page's text."""
    schema = Settings.model_json_schema()
    defaults = Settings().model_dump(mode="json")
    lines = [HEAD]
    for section, kind in fields(Settings).items():
        lines.append(f"## `{section}`\n")
        group = next(models(kind), None)
        if group is None:
            takes = schema["properties"][section]
            lines += _setting(takes, defaults[section], descriptions(Settings)[section])
            continue
        lines.append(paragraphs(inspect.getdoc(group) or ""))
        said = descriptions(group)
        for name, takes in schema["$defs"][group.__name__]["properties"].items():
            lines.append(f"### `{section}.{name}`\n")
            lines += _setting(takes, defaults[section][name], said[name])
    return "\n".join(lines).rstrip() + "\n"


def paragraphs(text: str) -> str:
    """A description as Markdown: links to the pages that it names, and one sentence per line."""
    blocks = []
    for block in text.split("\n\n"):
        if block.startswith(" "):
            blocks.append(block.rstrip())
            continue
        linked = re.sub(r"\bdocs/([\w/.-]+\.md)", r"[\1](\1)", " ".join(block.split("\n")))
        blocks.append(re.sub(r"(?<=[^.]\.) (?=[A-Z0-9`])", "\n", linked))
    return "\n\n".join(blocks).strip() + "\n"


def _setting(takes: Schema, default: Any, description: str) -> Iterator[str]:
    words = _words(takes)
    yield f"{words[0].upper()}{words[1:]}.\nDefault: `{flow(default)}`.\n"
    yield paragraphs(description)


def _words(schema: Schema) -> str:
    """What a setting may be."""
    match schema:
        case {"$ref": "#/$defs/PulumiSecret"}:
            return "a Pulumi secret"
        case {"$ref": group}:
            return f"a group of {', '.join(f'`{name}`' for name in _members(group))}"
        case {"anyOf": either}:
            return ", or ".join(map(_words, either))
        case {"enum": values}:
            return f"one of {', '.join(f'`{flow(value)}`' for value in values)}"
        case {"const": value}:
            return f"`{flow(value)}`"
        case {"type": "array", "items": item}:
            return f"a list, each {_words(item)}"
        case {"type": "object", "additionalProperties": value}:
            return f"a mapping from names, each to {_words(value)}"
        case {"type": "object", "patternProperties": patterns}:
            ((pattern, value),) = patterns.items()
            return f"a mapping from names that match `{pattern}`, each to {_words(value)}"
        case _:
            return _words_of_one_value(schema)


def _words_of_one_value(schema: Schema) -> str:
    """What a setting may be that is neither a choice nor made of others."""
    match schema:
        case {"type": "null"}:
            return "`null`"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"an integer from {least} to {most}"
        case {"type": "integer", "minimum": least}:
            return f"an integer, {least} or more"
        case {"type": "string", "pattern": pattern}:
            return f"a text that matches `{pattern}`"
        case {"type": "string", "format": "ipv4network"}:
            return "an IPv4 network"
        case {"type": "string", "format": "date"}:
            return "a date"
        case {"type": "string"}:
            return "a text"
    raise ValueError(f"there are no words for {schema}")


def _members(reference: str) -> Iterable[str]:
    """The settings of a group within a setting."""
    groups: Schema = Settings.model_json_schema()["$defs"]
    members: Schema = groups[reference.rpartition("/")[2]]["properties"]
    return members
