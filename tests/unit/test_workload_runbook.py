"""docs/runbooks/workload.md keeps up with the alarms, the app's log and its commands."""

import json
import re

import pytest
from pglast import parse_sql

from components.alarms import alarms
from components.app_metrics import METRICS
from stacks.sections import Settings
from stacks.settings import fields
from testkit.checkout import ROOT

DOCUMENTS = ROOT / "docs"
RUNBOOK = (DOCUMENTS / "runbooks/workload.md").read_text()
HEADINGS = re.findall(r"^#{2,3} (.+)$", RUNBOOK, re.MULTILINE)
ENTRIES = re.findall(r"^### (.+)$", RUNBOOK, re.MULTILINE)
CODE = re.findall(r"`([^`\n]+)`", RUNBOOK)
COMMANDS = re.findall(r"^    (app .+)$|`(app [^`]+\.js[^`]*)`", RUNBOOK, re.MULTILINE)
APP = ROOT / "app/src"


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_alarm_has_its_entry() -> None:
    """Under its name, and no other."""
    named = {entry.strip("`") for entry in ENTRIES if entry.startswith("`")}
    table = alarms(max_connections=100, free_storage_gib=1, app_namespace="any")
    assert named == {alarm.name for alarm in table}


def test_every_line_of_the_log_is_one_that_the_app_writes() -> None:
    """Headings in lower case are such lines; capitals begin what people notice."""
    source = "\n".join(file.read_text() for file in APP.rglob("*.js"))
    lines = [entry for entry in ENTRIES if entry[0].islower()]
    assert len(lines) > 3
    assert [line for line in lines if f"'{line}'" not in source] == []


def test_every_metric_is_one_that_the_app_measures_or_aws_does() -> None:
    """Names of metrics are the only words here with capitals inside."""
    own = {name for names in METRICS.values() for name in names}
    of_redis = {"Evictions", "DatabaseMemoryUsagePercentage"}
    shown = {code for code in CODE if re.fullmatch(r"([A-Z][a-z]+){2,}(P\d\d)?", code)}
    assert len(shown) > 5
    assert shown <= own | of_redis


@pytest.mark.parametrize("command", ["".join(either) for either in COMMANDS])
def test_every_command_of_the_app_is_there(command: str) -> None:
    """With each of its options."""
    _, script, *arguments = command.split()
    source = (APP / script).read_text()
    assert [one for one in arguments if one.startswith("--") and one.strip("-") not in source] == []


def test_there_are_commands() -> None:
    """The twin: they are found."""
    scripts = {"".join(either).split()[1] for either in COMMANDS}
    commands = ("approve-church", "flush-cache", "query-report", "replay-sms")
    assert scripts == {f"cli/{command}.js" for command in commands}
    package = json.loads((ROOT / "app/package.json").read_text())
    assert {f"node src/{script}" for script in scripts} <= set(package["scripts"].values())


def test_every_setting_is_one() -> None:
    """Of a stack, by its dotted name."""
    settings = Settings()
    named = {code for code in CODE if re.fullmatch(r"[a-z_]+\.[a-z_]+(: \w+)?", code)}
    assert len(named) > 5
    for dotted in named:
        section, _, name = dotted.partition(":")[0].partition(".")
        assert name in fields(type(getattr(settings, section))), dotted


def test_every_query_can_be_pasted() -> None:
    """PostgreSQL's parser takes it as it stands."""
    queries = re.findall(r"```sql\n(.+?)```", RUNBOOK, re.DOTALL)
    queries += [code.replace("<pid>", "1") for code in CODE if code.startswith("SELECT")]
    assert len(queries) > 3
    for query in queries:
        parse_sql(query)


def test_every_link_leads_somewhere() -> None:
    """In this runbook and in the documents beside it."""
    for file, fragment in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", RUNBOOK):
        text = (DOCUMENTS / "runbooks" / file).read_text() if file else RUNBOOK
        found = [anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
        assert not fragment or fragment in found, (file, fragment)
