"""How the code is laid out: a file holds one subject, and a class's name says which it is."""

import ast
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from statistics import median

from testkit.checkout import ROOT

LONGEST, MEDIAN = 300, 90
"""Lines of a Python file; one that is longer has a second subject, which is a file of its own."""


@cache
def modules() -> Mapping[str, str]:
    """The text of each Python file that git keeps, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    return {name: (ROOT / name).read_text() for name in listed.split("\0") if name and (ROOT / name).exists()}


def too_long(texts: Mapping[str, str]) -> list[str]:
    """The files that are longer than `LONGEST`."""
    return [name for name, text in texts.items() if len(text.splitlines()) > LONGEST]


def shared_names(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The modules of each class name that several have at their top level."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, text in texts.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module)
    return {name: found_in for name, found_in in found.items() if len(found_in) > 1}


def test_no_file_is_long() -> None:
    """And half of them are short."""
    assert too_long(modules()) == []
    assert median(len(text.splitlines()) for text in modules().values()) <= MEDIAN


def test_a_long_file_is_found() -> None:
    """The twin: one line more than a file may have."""
    assert too_long({"short.py": "pass\n" * LONGEST, "long.py": "pass\n" * (LONGEST + 1)}) == ["long.py"]


def test_a_class_name_stands_for_one_thing() -> None:
    """A search finds one class, and a reader of any module knows which is meant."""
    assert shared_names(modules()) == {}


def test_a_class_name_that_two_modules_have_is_found() -> None:
    """The twin; a class within a function, or another class, is nobody else's business."""
    texts = {"a.py": "class Fleet: ...", "b.py": "class Fleet: ...", "c.py": "def f():\n    class Fleet: ..."}
    assert shared_names(texts) == {"Fleet": ["a.py", "b.py"]}
