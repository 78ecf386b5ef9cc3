"""`migrator check`: what a change adds to a folder of migrations, in a repository of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from migrator.__main__ import main

OLD = {"1_a": "CREATE TABLE t (id int, a int);", "2_b": "CREATE INDEX t_a ON t (a);"}
REFUSED = "-- Old.\nSELECT 1;\nALTER TABLE t DROP COLUMN a;\n"


class Repository:
    """A git repository whose folder `db/migrations` has these migrations in its only commit."""

    def __init__(self, root: Path) -> None:
        self.root, self.migrations = root, root / "db" / "migrations"
        self.git("init", "--quiet", "--initial-branch", "main")
        for name, sql in OLD.items():
            self.write(name, sql)
        self.commit()

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", "-C", str(self.root), *identity, *arguments], check=True, capture_output=True)

    def write(self, name: str, sql: str) -> Path:
        script = self.migrations / name / "migration.sql"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(sql)
        return script

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


def check(*arguments: str) -> int:
    return main(["check", "--migrations", "db/migrations", *arguments])


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, int, str, bool]]:
    """File, line, code of each finding, and whether it refuses."""
    check("--format", "json", *arguments)
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [(item["file"], item["line"], item["code"], item["refuses"]) for item in findings]


@pytest.mark.parametrize("state", ["untracked", "staged", "committed"])
def test_a_new_refused_statement_is_found(
    repository: Repository, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    """At its file and line, whatever git knows of it; the exit code is 1."""
    repository.git("checkout", "--quiet", "-b", "change")
    repository.write("3_c", REFUSED)
    if state == "staged":
        repository.git("add", "--all")
    if state == "committed":
        repository.commit()
    assert check("--since", "main") == 1
    assert capsys.readouterr().out.splitlines()[:4] == [
        "1 new migration, 2 statements: 1 in transactions, 1 refused",
        "",
        "db/migrations/3_c/migration.sql:3: refused (drop-column)",
        "  ALTER TABLE t DROP COLUMN a",
    ]


def test_what_the_branch_had_already_is_not_checked(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor what the other branch got meanwhile."""
    repository.write("3_c", REFUSED)
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "change")
    repository.git("checkout", "--quiet", "main")
    repository.write("4_d", REFUSED.replace("a;", "id;"))
    repository.commit()
    repository.git("checkout", "--quiet", "change")
    assert check("--since", "main") == 0
    assert capsys.readouterr().out == "no new migrations\n"


def test_a_new_file_is_judged_by_what_older_ones_made(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has rows by now; one that the file makes itself has none."""
    repository.write("3_c", "CREATE INDEX i ON t (id); CREATE TABLE u (a int); ALTER TABLE u DROP COLUMN a;")
    assert check("--since", "main") == 0
    assert capsys.readouterr().out.startswith(
        "1 new migration, 3 statements: 2 in transactions, 1 online\n\n3_c (sha256 "
    )


def test_an_edited_or_removed_file_is_refused(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Databases have applied it."""
    repository.write("1_a", "CREATE TABLE t (id int, a bigint);")
    (repository.migrations / "2_b" / "migration.sql").unlink()
    (repository.migrations / "2_b").rmdir()
    assert found(capsys, "--since", "main") == [
        ("db/migrations/1_a/migration.sql", 1, "applied-file-edited", True),
        ("db/migrations/2_b/migration.sql", 1, "applied-file-removed", True),
    ]


def test_a_file_that_comes_late_is_told(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """It runs in one order here and in another there, which may make no difference."""
    repository.write("1_z", "CREATE TABLE z ();")
    assert found(capsys, "--since", "main") == [("db/migrations/1_z/migration.sql", 1, "out-of-order", False)]
    assert check("--since", "main") == 0


def test_files_can_be_named_instead(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """As pre-commit does."""
    script = repository.write("3_c", REFUSED)
    assert check(str(script)) == 1
    assert check("db/migrations/2_b/migration.sql") == 0
    assert capsys.readouterr().out.endswith('"t": SHARE UPDATE EXCLUSIVE, blocks schema changes only\n')


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 3, "SettingsError: check wants --since REF, or a list of files: give one of them\n"),
        (["--since", "nowhere"], 3, "SettingsError: --since is 'nowhere', which shares no commit"),
        (["README.md"], 3, "SettingsError: README.md is no file of a migration in db/migrations: leave it"),
    ],
)
def test_what_cannot_be_checked_is_told(
    repository: Repository, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    """With the remedy."""
    assert repository.migrations.is_dir()
    assert check(*arguments) == code
    assert capsys.readouterr().err.startswith(message)


def test_a_folder_outside_of_a_repository_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files can be named there."""
    (tmp_path / "db" / "migrations").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert check("--since", "main") == 4
    assert "not a git repository" in capsys.readouterr().err


def test_github_shows_each_finding_at_its_line(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a workflow command, of which each is one line."""
    repository.write("3_c", REFUSED)
    check("--since", "main", "--format", "github")
    command, totals = capsys.readouterr().out.splitlines()
    assert command.startswith(
        "::error file=db/migrations/3_c/migration.sql,line=3,title=drop-column::"
        'ALTER TABLE t DROP COLUMN a%0Aservers that still run read "t"."a" until they are replaced%0A'
    )
    assert totals == "1 new migration, 2 statements: 1 in transactions, 1 refused"


def test_sarif_names_a_rule_for_each_code(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """And the line, from which code scanning makes an alert."""
    repository.write("3_c", REFUSED)
    check("--since", "main", "--format", "sarif")
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [result["ruleId"]] == ["drop-column"]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "db/migrations/3_c/migration.sql"},
        "region": {"startLine": 3},
    }


def test_markdown_has_a_row_for_each_finding_and_the_plan(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """What would end a cell or a fence is written otherwise."""
    repository.write("3_c", "ALTER TABLE t ADD CONSTRAINT \"a|b```\" CHECK (a < 1 OR a = '|'::text::int);")
    check("--since", "main", "--format", "markdown")
    printed = capsys.readouterr().out
    assert printed.startswith("**1 new migration, 1 statement: 1 refused**\n\n| where | what | why |\n")
    (row,) = [line for line in printed.splitlines() if line.startswith("| `db/")]
    assert row.replace("\\|", "").count("|") == 4
    assert printed.count("```") == 2 + row.count("```")
