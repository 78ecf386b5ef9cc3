"""What `evenkeel new` writes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from evenkeel.errors import EvenkeelError
from evenkeel.new import NewRepository, node_of
from evenkeel.source import Source
from stacks.settings import parse, sections
from stacks.stack_name import refuse_unusable
from testkit.checkout import ROOT
from testkit.program import configuration

FROM = Source(
    repository="git+https://example.com/kit", tag="v0.2.0", fragment="#subdirectory=packaging/evenkeel"
)


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit came from a tag."""
    monkeypatch.setattr(Source, "installed", lambda: FROM)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app that has migrations, and a Node.js that it wants."""
    folder = tmp_path / "shop"
    (folder / "db/migrations").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"engines": {"node": ">=22.3"}}))
    return folder


def repository(shop: Path, **changes: Any) -> NewRepository:
    """A project beside the app."""
    folder = shop.parent / "infra"
    asked = {"folder": folder, "name": "shop", "app": shop, "region": "eu-west-1", **changes}
    return NewRepository(**asked)


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_its_stacks_are_settings_that_the_kit_takes(app: Path, stack: str) -> None:
    """And name the app and its migrations as seen from the repository."""
    new = repository(app)
    new.write()
    read = yaml.safe_load((new.folder / f"stacks/Pulumi.{stack}.yaml").read_text())
    settings = parse(sections(read["config"]))
    assert (settings.app.path, settings.migrations.path) == ("../shop", "../shop/db/migrations")
    assert settings.aws.rehearsed is (stack == "local")
    assert stack == "local" or (settings.aws.region, settings.app.node) == ("eu-west-1", 22)
    refuse_unusable("shop", stack)


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_a_new_stack_is_as_the_kits_own_of_its_name(app: Path, stack: str) -> None:
    """But for what is about the app, the port and the region: what is tried here is what a user gets."""
    own = {"app", "aws", "migrations", "smoke"}
    text = repository(app).files()[f"stacks/Pulumi.{stack}.yaml"]
    written = sections(yaml.safe_load(text)["config"])
    written = {
        key: value for key, value in sections(yaml.safe_load(text)["config"]).items() if key not in own
    }
    kit = {key: value for key, value in configuration(stack).items() if key not in own}
    kit.get("database", {}).pop("engine_version", None)
    assert {key: value for key, value in written.items() if key not in own} == kit


def test_it_names_where_the_kit_came_from(app: Path) -> None:
    """The same tag of the same place, and Pulumi's project is the user's."""
    new = repository(app)
    new.write()
    place = "git+https://example.com/kit@v0.2.0#subdirectory=packaging"
    assert (new.folder / "requirements.txt").read_text().splitlines() == [
        f"evenkeel[rehearsal] @ {place}/evenkeel",
        f"pytest-evenkeel @ {place}/pytest-evenkeel",
    ]
    project = yaml.safe_load((new.folder / "Pulumi.yaml").read_text())
    own = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert project.pop("name") == "shop"
    assert {**own, **project} == {**own, "description": project["description"]}
    ignored = (new.folder / ".gitignore").read_text().split()
    assert ignored == [".venv/", ".rehearsal/", "__pycache__/", ".pytest_cache/"]


def test_nothing_is_written_over(app: Path) -> None:
    """Not one file where one is there already."""
    new = repository(app)
    new.folder.mkdir()
    (new.folder / "Pulumi.yaml").write_text("name: mine\n")
    with pytest.raises(EvenkeelError, match=r"has Pulumi\.yaml already: nothing was written"):
        repository(app)
    assert [path.name for path in new.folder.iterdir()] == ["Pulumi.yaml"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Shop"}, "small letters"),
        ({"name": "a-name-that-is-long"}, "in all"),
        ({"name": "1shop"}, "a letter first"),
        ({"region": "Frankfurt"}, "no region of AWS"),
        ({"app": Path("nowhere")}, r"nowhere/package\.json is missing: --app"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    app: Path, changes: dict[str, Any], words: str
) -> None:
    """With what to give instead."""
    with pytest.raises(EvenkeelError, match=words):
        repository(app, **changes)
    assert not (app.parent / "infra").exists()


@pytest.mark.parametrize(
    ("files", "node"),
    [
        ({".nvmrc": "v22.19.0\n"}, 22),
        ({".node-version": "20"}, 20),
        ({"package.json": '{"engines": {"node": "^18.12 || ^20.9 || >=22"}}'}, 20),
        ({"package.json": '{"engines": {"node": ">=16"}}'}, 24),
        ({}, 24),
    ],
)
def test_the_apps_node_is_the_servers(tmp_path: Path, files: dict[str, str], node: int) -> None:
    """As far as servers can have it."""
    for name, text in {"package.json": "{}", **files}.items():
        (tmp_path / name).write_text(text)
    assert node_of(tmp_path) == node
