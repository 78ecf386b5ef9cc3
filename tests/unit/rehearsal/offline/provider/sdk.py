"""What Pulumi's own SDKs say about a resource type: its inputs and all its properties."""

import importlib
import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import pulumi_aws
from pulumi import _types


@cache
def classes() -> dict[str, tuple[str, str]]:
    """Module and class by token, from the list that the SDK registers."""
    source = Path(pulumi_aws.__file__).read_text()
    start = source.index('resource_modules="""') + len('resource_modules="""')
    modules = json.loads(source[start : source.index('"""', start)])
    return {token: (each["fqn"], name) for each in modules for token, name in each["classes"].items()}


@cache
def resource_class(token: str) -> Any:
    """The SDK's class of a type."""
    module, name = classes()[token]
    return getattr(importlib.import_module(module), name)


@cache
def inputs(token: str) -> frozenset[str]:
    """What a program may set."""
    cls = resource_class(token)
    names = _types.resource_pulumi_to_py_names(cls)
    parameters = inspect.signature(cls._internal_init).parameters
    return frozenset(pulumi for pulumi, python in names.items() if python in parameters)


@cache
def properties(token: str) -> frozenset[str]:
    """Inputs and outputs."""
    return frozenset(_types.resource_pulumi_to_py_names(resource_class(token)))
