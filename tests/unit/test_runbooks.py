"""The runbooks keep up with the code: no message without an entry, no entry without its message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pglast import parse_sql

from migrator.errors import MigratorError
from migrator.planning.messages import HAZARDS, NEVER

REPOSITORY = Path(__file__).parents[2]
RUNBOOK = (REPOSITORY / "docs" / "runbooks" / "migrations.md").read_text()
HEADINGS = re.findall(r"^#{2,3} (.+)$", RUNBOOK, re.MULTILINE)
ERRORS: list[type[MigratorError]] = [MigratorError, *MigratorError.__subclasses__()]


def section(title: str) -> str:
    """What stands under a heading of the second level."""
    return RUNBOOK.split(f"\n## {title}\n")[1].split("\n## ")[0]


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_has_its_entry(error: type[MigratorError]) -> None:
    """Under its name and its exit code, by which the table of codes finds it."""
    heading = f"{error.__name__} ({error.exit_code})"
    assert heading in HEADINGS
    (row,) = re.findall(rf"^\| {error.exit_code} \| (.+) \|$", RUNBOOK, re.MULTILINE)
    assert f"[{error.__name__}](#{anchor(heading)})" in row


def test_no_error_has_an_entry_that_the_code_has_not() -> None:
    """A class that was renamed takes its entry along."""
    assert re.findall(r"^### (\w+) \(\d+\)$", section("Errors"), re.MULTILINE) == [
        error.__name__ for error in sorted(ERRORS, key=lambda error: error.exit_code)
    ]


@pytest.mark.parametrize(("title", "codes"), [("Hazards", HAZARDS), ("What can never run", NEVER)])
def test_every_hazard_has_its_row(title: str, codes: dict[str, str]) -> None:
    """In the order of the code, and no other."""
    assert re.findall(r"^\| `([a-z-]+)` \|", section(title), re.MULTILINE) == list(codes)


def test_every_line_of_a_deployment_is_one_that_the_code_prints() -> None:
    """Each heading is part of a text in the source."""
    modules = [*(REPOSITORY / "migrator").rglob("*.py"), REPOSITORY / "components/gates/ecs_task.py"]
    source = "\n".join(module.read_text() for module in modules)
    lines = re.findall(r"^### (.+)$", section("Lines of a deployment"), re.MULTILINE)
    assert [line for line in lines if line not in source] == []


def test_every_link_leads_to_an_entry() -> None:
    """Inside the runbook."""
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= {anchor(heading) for heading in HEADINGS}


def test_every_query_can_be_pasted() -> None:
    """PostgreSQL's parser takes it as it stands."""
    queries = re.findall(r"```sql\n(.+?)```", RUNBOOK, re.DOTALL)
    assert len(queries) > 9
    for query in queries:
        parse_sql(query)


ROLLOUTS = (REPOSITORY / "docs" / "runbooks" / "rollouts.md").read_text()


def test_every_message_of_a_rollout_is_one_that_the_code_prints() -> None:
    """Each heading is part of a text in the source, where it may be broken into lines."""
    sources = [*(REPOSITORY / "components").rglob("*.py"), *(REPOSITORY / "components/boot").glob("*.sh")]
    source = re.sub(r'"\n\s+f?"', "", "\n".join(file.read_text() for file in sources))
    headings = re.findall(r"^### (.+)$", ROLLOUTS, re.MULTILINE)
    assert [heading for heading in headings if heading not in source] == []


def test_every_reason_of_a_failed_rollout_has_its_entry() -> None:
    """`Failed` and `RollBack` with another reason need one."""
    source = (REPOSITORY / "components/rollout/decide.py").read_text()
    reasons = re.findall(r"(?:reason=|refused = )f\"([^\"]+)\"", source)
    headings = re.findall(r"^### (.+)$", ROLLOUTS, re.MULTILINE)
    assert len(reasons) == 4
    assert [reason for reason in reasons if not any(heading in reason for heading in headings)] == []


def test_every_reason_of_a_server_that_gives_up_has_its_entry() -> None:
    """But for a step of the boot script that fails, which names itself."""
    source = (REPOSITORY / "components/boot/boot.sh").read_text()
    reasons = [text for text in re.findall(r"abandon \"([^\"]+)\"", source) if "BASH_COMMAND" not in text]
    headings = re.findall(r"^### (.+)$", ROLLOUTS, re.MULTILINE)
    assert len(reasons) == 4
    assert [reason for reason in reasons if not any(heading in reason for heading in headings)] == []


SECRETS = (REPOSITORY / "docs" / "runbooks" / "secrets.md").read_text()


def test_every_refusal_of_a_secret_is_one_that_the_code_prints() -> None:
    """Each heading below the two tables of messages is part of a text in the source."""
    places = [*(REPOSITORY / "stacks").glob("*.py"), REPOSITORY / "components/boot/app_env.cjs"]
    source = "\n".join(file.read_text() for file in places)
    headings = re.findall(r"^### (.+)$", SECRETS, re.MULTILINE)
    assert len(headings) > 7
    assert [heading for heading in headings if heading not in source] == []
