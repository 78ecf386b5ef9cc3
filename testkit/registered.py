"""Runs a piece of program against no engine at all, and keeps what it registers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_pulumi_func


@dataclass(kw_only=True, slots=True)
class Registered:
    """The resources of one run, by type and name, with their inputs as the engine gets them."""

    inputs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    options: dict[tuple[str, str], Any] = field(default_factory=dict)
    """The request that registered the resource: `protect`, `retainOnDelete`, `hooks` and so on."""
    hooks: dict[str, pulumi.ResourceHook] = field(default_factory=dict)
    """By name; nothing runs them."""

    @property
    def types(self) -> dict[str, int]:
        """How many of which type; components and the stack itself left out."""
        return dict(Counter(kind for kind, _ in self.inputs if kind.startswith(("aws:", "random:"))))

    def __getitem__(self, key: tuple[str, str]) -> dict[str, Any]:
        return self.inputs[key]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs of every resource of a type, by name."""
        return {name: inputs for (a_kind, name), inputs in self.inputs.items() if a_kind == kind}


class _Mocks(mocks.Mocks):
    def __init__(self, registered: Registered) -> None:
        self._registered = registered

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self._registered.inputs[args.typ, args.name] = args.inputs
        return f"{args.name}-id", {**computed(args.typ, args.name), **args.inputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return looked_up(args.token, args.args), []


def secret(value: object) -> dict[str, object]:
    """What the engine gets of a secret input, and keeps encrypted."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


class _Monitor(mocks.MockMonitor):
    """Keeps the options too, of which mocks hear nothing."""

    def __init__(self, registered: Registered) -> None:
        super().__init__(_Mocks(registered))
        self._registered = registered

    def RegisterResource(self, request: Any) -> Any:
        self._registered.options[request.type, request.name] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call] # the SDK's own


class _Hooks:
    """Stands where the engine would be told of hooks."""

    def __init__(self, registered: Registered) -> None:
        self._registered = registered

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self._registered.hooks[hook.name] = hook


def computed(_: str, name: str) -> dict[str, Any]:
    """What AWS adds to a resource, of whatever type, as far as components read it."""
    return {
        "address": f"{name}.db.example",
        "arn": f"arn:{name}",
        "hex": "0a1b2c3d",
        "memberClusters": [f"{name}-001"],
        "primaryEndpointAddress": f"{name}.redis.example",
        "versionId": f"version of {name}",
        "resourceId": f"resource of {name}",
        "result": f"password of {name}",
        "name": f"{name}-0123456",
        "bucket": f"{name}-0123456",
        "arnSuffix": f"suffix/{name}",
        "dnsName": f"{name}.elb.example",
        "zoneId": "ZELB",
        "keyId": f"key of {name}",
        "latestVersion": 1,
        "fqdn": "proof.example",
        "domainValidationOptions": [
            {
                "domainName": "d",
                "resourceRecordName": "proof.example",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "v",
            }
        ],
    }


def looked_up(token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS answers to a look-up."""
    answers: dict[str, dict[str, Any]] = {
        "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
        "aws:index/getAvailabilityZones:getAvailabilityZones": {
            # The first is impaired.
            "names": ["xx-1b", "xx-1c", "xx-1d"] + ["xx-1a"] * ("state" not in arguments)
        },
        "aws:secretsmanager/getSecret:getSecret": {"kmsKeyId": "alias/shared"},
        "aws:secretsmanager/getSecretVersions:getSecretVersions": {
            "versions": [
                {"versionId": "old", "versionStages": ["AWSPREVIOUS"]},
                {"versionId": "live", "versionStages": ["AWSCURRENT"]},
            ]
        },
        "aws:kms/getKey:getKey": {"arn": f"arn:key of {arguments.get('keyId')}"},
        "aws:ssm/getParameter:getParameter": {"insecureValue": f"ami from {arguments.get('name')}"},
        "pulumi:pulumi:readStackResourceOutputs": {},  # nothing is deployed
    }
    return answers[token]


def forget(_: object) -> None:
    """Pulumi would wait for what a program returns."""


def register(
    program: Callable[[], object], stack: str = "test", registered: Registered | None = None
) -> Registered:
    """Runs the program to its end; `registered` is for what it did before an exception."""
    registered = registered or Registered()

    async def run() -> None:
        # Inside the loop, since Pulumi binds its outputs to the one that runs.
        monitor = _Monitor(registered)
        mocks.set_mocks(monitor.mocks, project="evenkeel", stack=stack, preview=False, monitor=monitor)
        settings.SETTINGS.callbacks = _Hooks(registered)
        await run_pulumi_func(lambda: forget(program()))

    asyncio.run(run())
    return registered
