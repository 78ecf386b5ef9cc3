"""Between the cloud's front and moto: takes freedoms with the calls of deployers, servers and tasks."""

import logging
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from rehearsal.cloud import refusals
from rehearsal.cloud.guard import dialect_of
from rehearsal.cloud.judge import requests
from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean import answer, roles, troubles
from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.fresh import Fresh
from rehearsal.cloud.mean.ledger import FreedomLedger
from rehearsal.cloud.mean.members import leave_out
from rehearsal.cloud.mean.mood import Mood
from rehearsal.cloud.mean.observer import OBSERVER
from rehearsal.cloud.mean.order import ORDERED, shuffle
from rehearsal.cloud.mean.pages import Paging, paging
from rehearsal.cloud.mean.question import ask, repeatable, token_members
from rehearsal.cloud.mean.slow import SlowStates

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
SLOWEST = 1.5  # seconds that an answer is held back
LOGS_LATE = (0.5, 5.0)  # seconds
METRICS_LATE = 60.0  # seconds
log = logging.getLogger("rehearsal.cloud.mean")


class MeanFront:
    """A WSGI application around the cloud's own. What it can't read it hands on."""

    def __init__(self, cloud: Application, mood: Mood, ledger: FreedomLedger) -> None:
        self._cloud = cloud
        self._mood = mood
        self._ledger = ledger
        self._fresh = Fresh(mood)
        self._slow = SlowStates(mood)
        self._met: set[str] = set()
        self._streams: dict[str, int] = {}
        self._answered: dict[tuple[str, ...], Response] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        call = requests.already_read(environ)  # by the judge
        if call is None or f"app/{OBSERVER}" in environ.get("HTTP_USER_AGENT", ""):
            return self._cloud(environ, start_response)
        return self._answer(call, environ)(environ, start_response)

    def _answer(self, call: JudgedCall, environ: dict[str, Any]) -> Response:
        name = f"{call.service}.{call.operation}"
        occasion = (name, self._ledger.number(name))
        if trouble := self._trouble(call, environ, occasion):
            return trouble
        if self._takes(Freedom.SLOW_ANSWER, *occasion):
            time.sleep(self._mood.between(0, SLOWEST, Freedom.SLOW_ANSWER, *occasion))
        response = self._carried_out_once(call, environ, occasion)
        if repeatable(call) and self._takes(Freedom.LOST_ANSWER, *occasion):
            with suppress(OSError):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response

    def _trouble(
        self, call: JudgedCall, environ: dict[str, Any], occasion: tuple[str, int]
    ) -> Response | None:
        """A refusal that is no fault of the call's; nothing is carried out then."""
        dialect = dialect_of(environ, call.service)
        if call.service == "kms" and self._mood.has_refused_twice(*occasion):
            return None
        if self._takes(Freedom.THROTTLED, *occasion):
            return troubles.throttled(call.service, dialect)
        if self._takes(Freedom.SERVER_ERROR, *occasion):
            which = self._mood.choice(2, Freedom.SERVER_ERROR, *occasion)
            return troubles.server_error(call.service, dialect, which)
        if (made := self._fresh.unknown(call)) and made.kind.code:
            self._ledger.note(Freedom.NOT_FOUND_YET)
            return refusals.answer(dialect, 400, made.kind.code, made.kind.message.format(id=made.id))
        refusal = roles.REFUSALS.get((call.service, call.operation))
        if refusal and self._noted(Freedom.ROLE_NOT_KNOWN_YET, self._fresh.role_unknown(roles.named(call))):
            return refusals.answer(dialect, 400, refusal.code, refusal.message)
        refusal = roles.WITHOUT_SERVICE_ROLE.get((call.service, call.operation))
        first = refusal is not None and occasion[0] not in self._met
        self._met.add(occasion[0])
        if refusal and first and self._takes(Freedom.SERVICE_ROLE_NOT_KNOWN_YET, *occasion):
            return refusals.answer(dialect, 400, refusal.code, refusal.message)
        return None

    def _carried_out_once(
        self, call: JudgedCall, environ: dict[str, Any], occasion: tuple[str, int]
    ) -> Response:
        """As AWS has it: the same idempotency token is answered as before, and nothing is done again."""
        tokens = [str(call.members[name]) for name in token_members(call) if call.members.get(name)]
        key = (occasion[0], *tokens)
        if tokens and key in self._answered:
            return self._answered[key]
        response = self._changed(call, environ, occasion)
        if tokens and response.status_code == HTTPStatus.OK:
            self._answered[key] = response
        return response

    def _changed(self, call: JudgedCall, environ: dict[str, Any], occasion: tuple[str, int]) -> Response:
        """What the cloud answers, in another form where it is read."""
        pages = paging(call)
        start, inner = pages.start(call.members) if pages else (0, None)
        wanted, unwanted = self._asked_otherwise(call, pages, inner, occasion)
        if wanted or unwanted:
            ask(environ, call, wanted, unwanted)
        response = Response.from_app(self._cloud, environ, buffered=True)
        is_json = "HTTP_X_AMZ_TARGET" in environ
        try:
            members = answer.read(call, response, is_json=is_json)
        except Exception:
            log.exception("%s: its answer can't be read, and stays as it is", occasion[0])
            return response
        if members is None:
            return response
        self._fresh.note(call, members, occasion[1])
        is_changed = self._change(call, members, occasion)
        is_cut = self._cut(call, members, pages, start=start, inner=inner, occasion=occasion)
        if is_changed or is_cut:
            answer.write(call, response, members, is_json=is_json)
        return response

    def _asked_otherwise(
        self, call: JudgedCall, pages: Paging | None, inner: str | None, occasion: tuple[str, int]
    ) -> tuple[dict[str, Any], set[str]]:
        """Members to be put into the request, and out of it, before the cloud sees it."""
        if pages:
            unwanted = {pages.input_token} | ({pages.limit} if pages.limit else set())
            return ({pages.input_token: inner} if inner else {}), unwanted
        wanted: dict[str, Any] = {}
        if (call.service, call.operation) == ("logs", "GetLogEvents"):
            if self._takes(Freedom.SHORT_PAGE, *occasion):
                wanted["limit"] = min(
                    call.members.get("limit", 1000), 1 + self._mood.choice(9, Freedom.SHORT_PAGE, *occasion)
                )
            # As late each time, so that no event is there and then is not: tokens count on that.
            stream = self._streams.setdefault(call.members["logStreamName"], len(self._streams))
            if "endTime" not in call.members and self._takes(Freedom.LATE_LOG, stream):
                late = self._mood.between(*LOGS_LATE, Freedom.LATE_LOG, stream)
                wanted["endTime"] = int(1000 * (time.time() - late))
        return wanted, set()

    def _change(self, call: JudgedCall, members: dict[str, Any], occasion: tuple[str, int]) -> bool:
        """Whether the answer is another one now."""
        if not call.operation.startswith(("Describe", "List", "Get")):
            return False
        changed = self._noted(Freedom.NOT_LISTED_YET, self._fresh.hide(call, members))
        changed = self._noted(Freedom.SLOW_STATE, self._slow.hold_back(call, members)) or changed
        if call.operation == "DescribeTasks" and changed:
            missing = set(call.members["tasks"]) - {task["taskArn"] for task in members.get("tasks", [])}
            members["failures"] = [{"arn": arn, "reason": "MISSING"} for arn in sorted(missing)]
        if call.operation == "GetMetricStatistics" and self._takes(Freedom.LATE_METRIC, *occasion):
            newest = time.time() - METRICS_LATE
            points = [point for point in members.get("Datapoints", []) if point["Timestamp"] < newest]
            members["Datapoints"], changed = points, True
        if self._mood.takes(Freedom.ABSENT_MEMBER, *occasion):
            left_out = leave_out(members, call.model.output_shape) > 0
            changed = self._noted(Freedom.ABSENT_MEMBER, left_out) or changed
        # The same order for a list as long as its pages are read.
        ordered = (call.service, call.operation) in ORDERED
        if not ordered and self._mood.takes(Freedom.OTHER_ORDER, occasion[0]):
            shuffled = shuffle(members, self._mood, occasion[0])
            changed = self._noted(Freedom.OTHER_ORDER, shuffled) or changed
        return changed

    def _cut(
        self,
        call: JudgedCall,
        members: dict[str, Any],
        pages: Paging | None,
        *,
        start: int,
        inner: str | None,
        occasion: tuple[str, int],
    ) -> bool:
        if pages is None:
            return False
        size = int(call.members.get(pages.limit or "") or 1000)
        if start > 0 or self._mood.takes(Freedom.SHORT_PAGE, *occasion):
            size = min(size, 1 + self._mood.choice(2, Freedom.SHORT_PAGE, *occasion))
        return self._noted(Freedom.SHORT_PAGE, pages.cut(members, start=start, inner=inner, size=size))

    def _takes(self, freedom: Freedom, *key: str | int) -> bool:
        return self._noted(freedom, self._mood.takes(freedom, *key))

    def _noted(self, freedom: Freedom, taken: bool) -> bool:
        if taken:
            self._ledger.note(freedom)
        return taken
