"""Previews against a throwaway cloud."""

from rehearsal.previews import Preview, rehearsed, secrets


def test_a_stack_is_previewed_without_the_keys_of_its_account() -> None:
    """Its settings stay; what it has at its own endpoint moves to the throwaway cloud's."""
    file = {
        "secretsprovider": "awskms://alias/key",
        "encryptedkey": "x",
        "config": {
            "evenkeel:aws": {"endpoint": "http://127.0.0.1:4577", "region": "us-east-1"},
            "evenkeel:app": {"port": 3100},
        },
    }
    assert rehearsed(file, "http://127.0.0.1:9") == {
        "config": {
            "evenkeel:aws": {"endpoint": "http://127.0.0.1:9", "region": "us-east-1"},
            "evenkeel:app": {"port": 3100},
        }
    }


def test_a_stack_without_an_endpoint_gets_none() -> None:
    """A real account's stack is previewed as it is; the environment leads it to the cloud."""
    file = {"config": {"evenkeel:network": {"nat": "one"}}}
    assert rehearsed(file, "http://127.0.0.1:9") == file


def test_secrets_are_found_wherever_they_are() -> None:
    """By the path at which `pulumi config set --path` puts another; what only looks like one is none."""
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf"
    config = {
        "evenkeel:app": {
            "secrets": {"KEY": {"secure": "v1:x"}, "a.b": {"secure": "v1:y"}, "STRIPE": arn},
            "environment": {"SHOP_ARN": arn},
        },
        "evenkeel:list": [{"secure": "v1:z"}, "plain"],
        "other:token": {"secure": "v1:t"},
        "other:flag": {"secure": True},
    }
    assert list(secrets(config)) == [
        'evenkeel:app["secrets"]["KEY"]',
        'evenkeel:app["secrets"]["a.b"]',
        'evenkeel:app["secrets"]["STRIPE"]',
        "evenkeel:list[0]",
        "other:token",
    ]


def test_a_preview_is_a_row_of_what_would_change() -> None:
    """Or of the refusal."""
    accepted = Preview(stack="dev", changes={"create": 12, "same": 1}, errors=[])
    refused = Preview(stack="dev", changes={"create": 12}, errors=["why"])
    assert accepted.row == ("dev", "accepted", "12 to create, 1 to same")
    assert refused.row == ("dev", "refused", "")
