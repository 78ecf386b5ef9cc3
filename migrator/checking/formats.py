"""What a check found, for a terminal, for GitHub's annotations, for a comment, and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from migrator import preview
from migrator.checking.check import Checked, Finding
from migrator.plan import Plan, shortened
from migrator.preview import Hazards


def text(checked: Checked) -> str:
    """Totals, then each finding at its `file:line`, then how each new statement runs."""
    lines = [_totals(checked)]
    for finding in checked.findings:
        lines += ["", f"{finding.file}:{finding.line}: {_verdict(finding)} ({finding.code})"]
        lines += [f"  {line}" for line in _body(finding)]
    if checked.migrations:
        lines += ["", _plan(checked)]
    return "\n".join(lines)


def github(checked: Checked) -> str:
    """A workflow command for each finding, which GitHub shows at its line, and the totals."""
    commands = [
        f"::{'error' if finding.refuses else 'warning'} file={_property(finding.file)},line={finding.line},"
        f"title={_property(finding.code)}::{_data(chr(10).join(_body(finding)))}"
        for finding in checked.findings
    ]
    return "\n".join([*commands, _totals(checked)])


def markdown(checked: Checked) -> str:
    """For a comment on a pull request: totals, a row for each finding, the plan in a fold."""
    lines = [f"**{_totals(checked)}**"]
    if checked.findings:
        lines += ["", "| where | what | why |", "|---|---|---|"]
        for finding in checked.findings:
            why = "<br>".join(_cell(line) for line in finding.message.splitlines())
            statement = f"<br>`{_cell(shortened(finding.statement))}`" if finding.statement else ""
            lines.append(
                f"| `{_cell(finding.file)}:{finding.line}` "
                f"| {_verdict(finding)} {finding.code}{statement} | {why} |"
            )
    if checked.migrations:
        lines += ["", "<details><summary>How each statement runs</summary>", "", "```"]
        lines += [_plan(checked).replace("```", "'''"), "```", "", "</details>"]
    return "\n".join(lines)


def as_json(checked: Checked) -> str:
    """`{"refused": …, "findings": [{file, line, code, message, statement, refuses}], "statements": […]}`."""
    statements = [
        {
            "migration": migration.name,
            "line": statement.line,
            "how": statement.how,
            "statement": statement.title,
            "locks": [{"table": lock.table, "mode": lock.mode} for lock in statement.locks],
            "allowed": list(statement.allowed),
        }
        for migration in checked.migrations
        for statement in migration.statements
    ]
    found = [asdict(finding) for finding in checked.findings]
    document = {"refused": checked.refused, "findings": found, "statements": statements}
    return json.dumps(document, ensure_ascii=False, indent=2)


def sarif(checked: Checked) -> str:
    """SARIF 2.1.0, as GitHub's code scanning takes it."""
    results: list[dict[str, Any]] = [
        {
            "ruleId": finding.code,
            "level": "error" if finding.refuses else "warning",
            "message": {"text": "\n".join(_body(finding))},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": finding.file},
                        "region": {"startLine": finding.line},
                    }
                }
            ],
        }
        for finding in checked.findings
    ]
    rules = [
        {"id": code, "shortDescription": {"text": code}}
        for code in sorted({finding.code for finding in checked.findings})
    ]
    driver = {"name": "migrator", "rules": rules}
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


FORMATS: dict[str, Callable[[Checked], str]] = {
    "text": text,
    "github": github,
    "sarif": sarif,
    "json": as_json,
    "markdown": markdown,
}


def _plan(checked: Checked) -> str:
    """How each statement runs, and which locks it takes; what is refused is said before."""
    return preview.full(Plan(migrations=checked.migrations, promises=()), {}, hazards=Hazards.NONE)


def _totals(checked: Checked) -> str:
    return preview.totals(checked.migrations, noun="new migration")


def _verdict(finding: Finding) -> str:
    return "refused" if finding.refuses else "note"


def _body(finding: Finding) -> list[str]:
    return ([shortened(finding.statement)] if finding.statement else []) + finding.message.splitlines()


def _data(value: str) -> str:
    """GitHub's escapes of a workflow command's message."""
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("<", "&lt;")
