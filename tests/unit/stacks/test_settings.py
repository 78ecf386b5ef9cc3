"""Settings: what is read, what is refused and in which words."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.database import DatabaseSettings
from components.network import NetworkSettings
from components.server_settings import Schedule
from stacks.reference import descriptions, reference
from stacks.sections import Settings
from stacks.settings import StackSettingsError, load, parse, sections

FOLDER = Path("stacks")
NIGHT = {"name": "night", "recurrence": "0 22 * * *", "min_size": 1, "max_size": 3}
STACKS = sorted(path.name.split(".")[1] for path in FOLDER.glob("Pulumi.*.yaml"))


def configuration(path: Path) -> dict[str, str]:
    """A stack file's values as Pulumi hands them to a program."""
    values = yaml.safe_load(path.read_text())["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(StackSettingsError) as refused:
        parse(values)
    return str(refused.value)


def test_the_four_stacks_exist() -> None:
    """And no other."""
    assert STACKS == ["dev", "local", "prod", "staging"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_is_accepted(stack: str) -> None:
    """Its settings, their combination, their budgets."""
    parse(sections(configuration(FOLDER / f"Pulumi.{stack}.yaml")))


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_file_has_a_session_judged(stack: str) -> None:
    """Production's as well: there it matters that users stay logged in."""
    assert parse(sections(configuration(FOLDER / f"Pulumi.{stack}.yaml"))).smoke.session


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_file_holds_only_what_differs(stack: str) -> None:
    """What equals the default belongs into reference.yaml."""
    defaults = Settings().model_dump(mode="json")
    for section, values in sections(configuration(FOLDER / f"Pulumi.{stack}.yaml")).items():
        for setting, value in values.items():
            assert value != defaults[section][setting], f"{section}.{setting}"


def test_the_reference_shows_every_setting_with_its_default() -> None:
    """No setting is missing in it, none is invented, none differs."""
    shown = sections(configuration(FOLDER / "reference.yaml"))
    assert shown == Settings().model_dump(mode="json")
    assert parse(shown) == Settings()


def test_the_reference_is_what_the_settings_say() -> None:
    """`python -m stacks reference >stacks/reference.yaml` brings it up to date."""
    assert (FOLDER / "reference.yaml").read_text() == reference()


def test_a_description_belongs_to_the_field_above_it() -> None:
    """A field without one has none, and takes none of its neighbours'."""
    said = descriptions(NetworkSettings)
    assert said["nat"] == "per_zone: a zone's failure stays its own. one: cheaper."
    assert "min_size" not in descriptions(Schedule)


def test_settings_are_read_from_pulumis_configuration() -> None:
    """One key a section; other projects' keys are theirs."""
    local = {"endpoint": "http://127.0.0.1:4577"}
    pulumi.runtime.set_all_config({"evenkeel:aws": json.dumps(local), "aws:region": "xx-1"})
    try:
        assert load("local") == Settings.model_validate({"aws": local})
    finally:
        pulumi.runtime.set_all_config({})


def test_production_is_what_nobody_set() -> None:
    """A forgotten setting is a safe one."""
    settings = Settings()
    assert settings.database and settings.redis  # noqa: PT018
    assert settings.database.multi_az
    assert settings.database.deletion_protection
    assert settings.database.backup_retention_days >= 7
    assert settings.database.port != 5432
    assert settings.load_balancer.deletion_protection
    assert settings.redis.replicas >= 1
    assert settings.redis.separate_cache
    assert settings.monitoring.log_retention_days >= 365
    assert settings.network.zones == 3
    assert settings.network.nat == "per_zone"
    assert len(settings.app_servers.instance_types) > 1


def test_a_number_may_be_given_where_a_text_is_wanted() -> None:
    """`pulumi config set --path` stores 16 as a number."""
    database = parse({"database": {"engine_version": 16, "parameters": {"work_mem": 8192}}}).database
    assert database == DatabaseSettings(engine_version="16", parameters={"work_mem": "8192"})


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """One error; fixing it takes one round."""
    values = {"aws": 4, "app": {"port": "x", "workers": "few", "prot": 3000}, "databse": {}}
    assert refusal(values) == (
        "5 settings are refused:\n"
        "  evenkeel:aws is 4: it is a group of settings. "
        "Set one of them: pulumi config set --path 'evenkeel:aws.<name>' <value>.\n"
        '  evenkeel:app.port is "x": should be a valid integer. stacks/reference.yaml explains it.\n'
        "  evenkeel:app.workers is \"few\": should be a valid integer or should be 'max'. "
        "stacks/reference.yaml explains it.\n"
        "  evenkeel:app.prot is 3000: there is no such setting. The nearest is app.port.\n"
        "  evenkeel:databse is {}: there is no such setting. The nearest is database."
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"monitoring": {"colour": "red"}},
            'evenkeel:monitoring.colour is "red": there is no such setting. '
            "There are: alarm_email, log_retention_days.",
        ),
        (
            {"database": {"port": True}},
            "evenkeel:database.port is true: should be a valid integer. stacks/reference.yaml explains it.",
        ),
        (
            {"app": {"environment": {"GREETING": "good morning"}}},
            'evenkeel:app.environment.GREETING is "good morning": '
            "it has white space, quotes, backslashes or characters beyond ASCII. "
            "Leave them out, or encode the value (base64) and decode it in the app.",
        ),
        (
            {"app": {"node": 23}},
            "evenkeel:app.node is 23: should be 20, 22 or 24. stacks/reference.yaml explains it.",
        ),
        (
            {"load_balancer": {"domain": "app.example.com"}},
            "evenkeel:load_balancer.hosted_zone_id is not set: the certificate of app.example.com is "
            "validated through its Route 53 zone. Set it to the zone's id, "
            "or set load_balancer.certificate_arn.",
        ),
        (
            {"load_balancer": {"hosted_zone_id": "Z1"}},
            'evenkeel:load_balancer.hosted_zone_id is "Z1": it has no use without load_balancer.domain. '
            "Set load_balancer.domain, or take it out.",
        ),
        (
            {"load_balancer": {"domain": "app.example.com", "hosted_zone_id": "Z1", "http_port": 8080}},
            "evenkeel:load_balancer.http_port is 8080: beside HTTPS it only redirects, and browsers look for "
            "that on port 80. Take it out.",
        ),
        (
            {"app_servers": {"min_size": 10}},
            "evenkeel:app_servers.max_size is 9: it is below app_servers.min_size, 10. Set it to 10 or more.",
        ),
        (
            {"app_servers": {"schedules": [{**NIGHT, "max_size": 10}]}},
            "evenkeel:app_servers.schedules.0.max_size is 10: the budgets count with app_servers.max_size, "
            "9, at most. Set it to 9 or less, or raise app_servers.max_size.",
        ),
        (
            {"app_servers": {"schedules": [{**NIGHT, "min_size": 4}]}},
            "evenkeel:app_servers.schedules.0.min_size is 4: it is above the largest size that the group may "
            "have then. Set it to 3 or less.",
        ),
        (
            {"app_servers": {"schedules": [{**NIGHT, "recurrence": "0 24 * * *"}]}},
            'evenkeel:app_servers.schedules.0.recurrence is "0 24 * * *": 24 is no hour. Set it to minute, '
            "hour, day of month, month and day of week, such as 0 7 * * MON-FRI.",
        ),
        (
            {"app_servers": {"schedules": [{**NIGHT, "time_zone": "Mars/Olympus"}]}},
            'evenkeel:app_servers.schedules.0.time_zone is "Mars/Olympus": there is no such time zone. '
            "Set it to a name such as Europe/Berlin.",
        ),
        (
            {"app_servers": {"schedules": [NIGHT, NIGHT]}},
            'evenkeel:app_servers.schedules.1.name is "night": another schedule has this name. '
            "Choose another.",
        ),
        (
            {"app_servers": {"schedules": [{**NIGHT, "colour": "red"}]}},
            'evenkeel:app_servers.schedules.0.colour is "red": there is no such setting. '
            "There are: max_size, min_size, name, recurrence, time_zone.",
        ),
        (
            {"app_servers": {"warm_pool_size": 2, "on_demand_percentage": 50}},
            "evenkeel:app_servers.warm_pool_size is 2: Auto Scaling keeps no warm pool for a group with Spot "
            "Instances (app_servers.on_demand_percentage is 50). Set it to 0, or "
            "app_servers.on_demand_percentage to 100.",
        ),
        (
            {"smoke": {"session": {"sign_up": "/register", "log_in": "/login"}}},
            "evenkeel:smoke.session.who_am_i is not set: it has no default. "
            "stacks/reference.yaml explains it.",
        ),
        (
            {"app_servers": {"instance_types": ["m7i.large", "m7g.large"]}},
            "evenkeel:app_servers.instance_types is ['m7i.large', 'm7g.large']: one image can't run on "
            "both arm64 and x86_64. Set it to ['m7i.large'].",
        ),
        (
            {"database": {"allocated_storage": 2000}},
            "evenkeel:database.max_allocated_storage is 1000: it is below database.allocated_storage, 2000. "
            "Set it to 2000 or more.",
        ),
        (
            {"migrations": {"timeout": 600}},
            "evenkeel:migrations.wait_for_transactions is 600: the whole task is stopped after 600 s "
            "(migrations.timeout). Set it lower than migrations.timeout, or raise migrations.timeout.",
        ),
        (
            {"database": {"admin_user": "postgres"}},
            'evenkeel:database.admin_user is "postgres": it is reserved, or the first name an attacker '
            "tries. Choose another, such as evenkeel_admin.",
        ),
        (
            {"database": {"parameters": {"max_connections": "many"}}},
            'evenkeel:database.parameters.max_connections is "many": RDS accepts 6 to 8388607, and the '
            "connection budget counts with it. Set it to a number such as 400, or take it out for RDS' own "
            "value.",
        ),
        (
            {"app": {"environment": {"PORT": "1"}}},
            'evenkeel:app.environment.PORT is "1": the kit sets this variable itself. Take it out.',
        ),
        (
            {"network": {"cidr": "10.1.0.0/24"}},
            'evenkeel:network.cidr is "10.1.0.0/24": a VPC of three subnets a zone is /16 to /22 here. '
            "Set it to a network such as 10.1.0.0/16.",
        ),
        (
            {"app": {"longest_request": 90}},
            "evenkeel:load_balancer.idle_timeout is 60: it would cut off a request that takes 90 s "
            "(app.longest_request). Set it to 90.",
        ),
    ],
)
def test_a_refused_setting_is_named_with_its_value_and_the_remedy(
    values: dict[str, Any], message: str
) -> None:
    """Verbatim."""
    assert refusal(values) == f"1 setting is refused:\n  {message}"


def test_a_setting_that_was_set_without_path_is_refused() -> None:
    """Word for word: nearest to `app.port` is not `app.port`."""
    with pytest.raises(StackSettingsError) as refused:
        parse({"app.port": 3100})
    assert str(refused.value) == (
        "1 setting is refused:\n  evenkeel:app.port is 3100: it was set without --path, so it is one key "
        "with a dot in its name, and no setting. Take it out, without --path too: pulumi config rm "
        "'evenkeel:app.port'. Then set it again: pulumi config set --path 'evenkeel:app.port'."
    )


def test_every_budget_is_tried() -> None:
    """Time-outs and connections are refused together."""
    message = refusal({"app": {"longest_request": 90}, "app_servers": {"max_size": 400}})
    assert "load_balancer.idle_timeout" in message
    assert "app_servers.max_size" in message


def test_pulumi_shows_the_refusal_without_a_traceback() -> None:
    """It does so for its own class of errors."""
    assert issubclass(StackSettingsError, pulumi.RunError)


CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/own"


@pytest.mark.parametrize(
    ("balancer", "leads_there"),
    [
        ({"domain": "app.example.com", "certificate_arn": CERTIFICATE}, False),
        ({"domain": "app.example.com", "certificate_arn": CERTIFICATE, "hosted_zone_id": "Z1"}, True),
        ({}, True),
    ],
    ids=["published by the user", "published by the stack", "no name"],
)
def test_a_name_that_its_user_publishes_is_asked_for_at_the_balancer(
    balancer: dict[str, str], leads_there: bool
) -> None:
    """The first deployment makes the balancer: nothing can lead to it before."""
    settings = parse({"load_balancer": balancer})
    assert settings.name_leads_to_balancer is leads_there
