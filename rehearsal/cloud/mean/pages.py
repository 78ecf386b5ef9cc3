"""Lists in short pages, with tokens that lead on, as botocore's paginators know each operation's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.exceptions
import botocore.session

from rehearsal.cloud.judge.call import JudgedCall

_OURS = "mean"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """The members by which an operation pages."""

    input_token: str
    output_token: str
    limit: str | None
    lists: tuple[str, ...]
    more: str | None

    def start(self, members: Mapping[str, Any]) -> tuple[int, str | None]:
        """Where the asked page begins in the cloud's own page, and the token of that."""
        token = members.get(self.input_token)
        match str(token).split(":", 2):
            case [prefix, start, inner] if prefix == _OURS:
                return int(start), inner or None
        return 0, token

    def cut(self, answer: dict[str, Any], *, start: int, inner: str | None, size: int) -> bool:
        """Leaves `size` items of the answer from `start` on, with a token where more follow.

        Returns whether something was cut off, before or behind.
        """
        items = [(name, item) for name in self.lists for item in answer.get(name) or []]
        page = items[start : start + size]
        for name in self.lists:
            if name in answer:
                answer[name] = [item for of, item in page if of == name]
        if start + size >= len(items):
            return start > 0  # what follows, if anything does, the cloud's own token says
        answer[self.output_token] = f"{_OURS}:{start + size}:{inner or ''}"
        if self.more:
            answer[self.more] = True
        return True


def paging(call: JudgedCall) -> Paging | None:
    """How the call's operation pages; None where it does not, or not by plain members.

    EC2 takes no page size together with ids: what is asked for by id comes as a whole.
    """
    ids = (value for name, value in call.members.items() if name.endswith("Ids"))
    if call.service == "ec2" and any(ids):
        return None
    return _paging(call.service, call.operation)


@cache
def _paging(service: str, operation: str) -> Paging | None:
    try:
        model = _session().get_paginator_model(service).get_paginator(operation)
    except (botocore.exceptions.UnknownServiceError, ValueError):
        return None
    results = model["result_key"] if isinstance(model["result_key"], list) else [model["result_key"]]
    members = [model["input_token"], model["output_token"], *results]
    if not all(isinstance(member, str) and member.isidentifier() for member in members):
        return None
    return Paging(
        input_token=model["input_token"],
        output_token=model["output_token"],
        limit=model.get("limit_key"),
        lists=tuple(results),
        more=model.get("more_results"),
    )


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()
