"""Every stack previews on the real engine, with no AWS account."""

from collections.abc import Iterator

import pytest
import yaml

from testkit.checkout import Checkout, succeed
from testkit.program import made

STACKS = ["dev", "staging", "prod"]
FORMER_SALT = "v1:z6Q+JH1bGd0=:v1:11icoJTxUFxX7//Q:uRZffHK49eadPWNVPfAcYpjjd4YrOg=="


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the project; nothing is deployed."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("previews"))
    yield checkout
    succeed(checkout.rehearsal("down"))


def test_every_stack_previews_against_the_rehearsal(files: Checkout) -> None:
    """The program of each stack is accepted by the engine, the provider and the endpoint."""
    shown = succeed(files.rehearsal("preview", *STACKS)).stdout
    rows = {row[0]: row[1:] for line in shown.splitlines() if (row := line.split())}
    for stack in STACKS:
        assert rows[stack][0] == "accepted"
        assert rows[stack][2:] == ["to", "create"]
        assert int(rows[stack][1]) >= sum(made(stack).types.values())
    assert "Stack dev is weaker than production," in shown
    assert "evenkeel:database.multi_az" in shown
    assert "Stack prod is weaker" not in shown


def test_a_preview_leaves_the_stacks_files_as_they_are(files: Checkout) -> None:
    """Those that hold secrets too, whose key nobody here has: each secret counts as some other text."""
    file = files.folder / "stacks/Pulumi.prod.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["config"]["other:token"] = {"secure": "v1:AAAA:BBBB"}
    settings["config"]["other:tokens"] = [{"secure": "v1:AAAA:BBBB"}, "plain"]
    settings |= {"secretsprovider": "awskms://alias/of-production", "encryptedkey": "AAAA"}
    text = yaml.safe_dump(settings)
    with files.changed("stacks/Pulumi.prod.yaml", text):
        succeed(files.rehearsal("preview", "prod"))
        assert file.read_text() == text


def test_a_wrong_setting_is_refused_before_any_resource(files: Checkout) -> None:
    """The setting, its value and the remedy are named, and nothing was registered."""
    stack_file = yaml.safe_load((files.folder / "stacks/Pulumi.dev.yaml").read_text())
    stack_file["config"].setdefault("evenkeel:app", {})["prot"] = 3000
    with files.changed("stacks/Pulumi.dev.yaml", yaml.safe_dump(stack_file)):
        refused = files.rehearsal("preview", "dev")
    assert refused.returncode != 0
    assert "app.prot" in refused.stderr
    assert "The nearest is app.port" in refused.stderr
    assert "aws:" not in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr


def test_the_published_passphrase_is_refused_before_any_resource(files: Checkout) -> None:
    """The salt that each stack's file once held, and the remedy."""
    file = files.folder / "stacks/Pulumi.prod.yaml"
    with files.changed("stacks/Pulumi.prod.yaml", f"{file.read_text()}encryptionsalt: {FORMER_SALT}\n"):
        refused = files.rehearsal("preview", "prod")
    assert refused.returncode != 0
    assert "stacks/Pulumi.prod.yaml: the passphrase of encryptionsalt is" in refused.stderr
    assert "pulumi stack change-secrets-provider awskms://alias/your-key --stack prod" in refused.stderr
    assert "aws:" not in refused.stdout + refused.stderr


def test_a_deployer_who_lacks_a_right_is_told_which(files: Checkout) -> None:
    """The twin of every deployment here: each is a deployer's with docs/deployer-policy.json, and no more."""
    name = "stacks/deployer-policy.json"
    policy = (files.folder / name).read_text()
    lacking = policy.replace('          "ec2:DescribeAvailabilityZones",\n', "")
    assert lacking != policy
    with files.changed(name, lacking):
        refused = files.rehearsal("preview", "dev")
    assert refused.returncode != 0
    assert "is not authorized to perform: ec2:DescribeAvailabilityZones" in refused.stderr
