"""The cloud's front: moto's server in threads on loopback, and pages of our own below `/_evenkeel`.

Nothing but the certificate authority is answered without a signature (guard.py).
"""

import dataclasses
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.sts.models import AssumedRole
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from rehearsal.cloud import clock, refusals
from rehearsal.cloud.body import StatusRow
from rehearsal.cloud.guard import Guard, dialect_of
from rehearsal.cloud.iam import authorization, role_calls
from rehearsal.cloud.iam.identities import Identities, Identity
from rehearsal.cloud.iam.users import Users
from rehearsal.cloud.judge.front import refused
from rehearsal.cloud.mean.meanness import Meanness
from rehearsal.cloud.moto_app import Dispatcher, Moto
from rehearsal.cloud.refusals import RefusedError


class Api:
    """Answers the AWS API on `listener` from `start` to `stop`; `rows` is what its status page shows.

    `inject` lets a fault happen, by action and target; a ValueError says why it can't.
    """

    def __init__(
        self,
        listener: socket.socket,
        ca: Path,
        identities: Identities,
        inject: Callable[[str, str], None],
        users: Users,
        *,
        meanness: Meanness | None = None,
    ) -> None:
        self._users = users
        self.rows: list[StatusRow] = []
        self._inject = inject
        self._ca = ca
        self._meanness = meanness
        moto = Dispatcher()
        self._moto = Moto(meanness.around(moto) if meanness else moto)
        host, port = listener.getsockname()
        self._guard = Guard(identities, port)
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line per request hides everything else
        self._server = make_server(
            host, port, self, threaded=True, request_handler=MotoRequestHandler, fd=listener.fileno()
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="api", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being answered, and close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI: our own pages, else moto."""
        return self._application(environ)(environ, start_response)

    def _application(self, environ: dict[str, Any]) -> Callable[..., Iterable[bytes]]:
        if foreign := self._guard.is_foreign(environ):
            return foreign
        page = environ["PATH_INFO"]
        if page == "/_evenkeel/ca.pem":
            return Response(self._ca.read_bytes(), mimetype="application/x-pem-file")
        identity = self._guard.identify(environ)
        if isinstance(identity, Response):
            return identity
        if page.startswith("/_evenkeel/"):
            return self._page(page, identity, Request(environ))
        if identity.user and (denied := self._users.refused(environ, identity.user, identity)):
            return denied
        refusal = refused(environ, identity)
        if identity.session is None:
            return refusal or self._moto.answer(environ, identity.service)
        return self._for_role(identity.session, identity, environ, refusal)

    def _for_role(
        self, session: AssumedRole, identity: Identity, environ: dict[str, Any], refusal: Response | None
    ) -> Response:
        """What the role lacks, or the judge's refusal, or moto's answer."""
        try:
            if identity.service not in authorization.JUDGED:
                role_calls.ask(environ, session, identity)
                return refusal or self._moto.answer(environ, identity.service)
            with authorization.acting(session, identity.service, environ, is_right=refusal is None):
                answer = self._moto.answer(environ, identity.service)
        except RefusedError as error:
            return refusals.response(error, dialect_of(environ, identity.service))
        return refusal or answer

    def _page(self, page: str, identity: Identity, request: Request) -> Response:
        if identity.session or identity.user:
            return Response("only the rehearsal's own access key may ask this\n", 403)
        match page:
            case "/_evenkeel/status":
                rows = [*self.rows, *(self._meanness.rows() if self._meanness else [])]
                body = json.dumps([dataclasses.asdict(row) for row in rows])
                return Response(body, mimetype="application/json")
            case "/_evenkeel/freedoms" if self._meanness:
                return Response(json.dumps(self._meanness.told()), mimetype="application/json")
            case "/_evenkeel/faults":
                return self._fault(request)
            case "/_evenkeel/clock":
                return _advance(request)
        return Response("there is no such page\n", 404)

    def _fault(self, request: Request) -> Response:
        """`{"action": …, "target": …}`; 204 once it is to happen."""
        if request.method != "POST":
            return Response("POST a fault\n", 405)
        asked = request.get_json(silent=True)
        match asked:
            case {"action": str(action), "target": str(target)}:
                try:
                    self._inject(action, target)
                except ValueError as error:
                    return Response(f"{error}\n", 400)
                return Response(status=204)
        return Response('a fault is JSON such as {"action": "instance-loss", "target": "i-…"}\n', 400)


def _advance(request: Request) -> Response:
    """`{"advance": seconds}`; 204 once that has passed for each body."""
    if request.method != "POST":
        return Response("POST how far the clock advances\n", 405)
    match request.get_json(silent=True):
        case {"advance": int() | float() as seconds}:
            try:
                clock.advance(float(seconds))
            except ValueError as error:
                return Response(f"{error}\n", 400)
            return Response(status=204)
    return Response('the clock takes JSON such as {"advance": 60}\n', 400)
