"""How the app is asked: over HTTPS through its load balancer, before its name leads there."""

import socket
import ssl
import urllib.request
from functools import partial
from http.client import HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit
from urllib.request import BaseHandler, HTTPSHandler, OpenerDirector, Request


def browser(url: str, through: str | None, *handlers: BaseHandler) -> OpenerDirector:
    """Opens URLs. Those of `url`'s host by a connection to the host `through`, where one is given.

    The certificate still has to be valid for the URL's own host, which is also the one that is asked for.
    """
    if through is None:
        return urllib.request.build_opener(*handlers)
    return urllib.request.build_opener(_Through(urlsplit(url).netloc, through), *handlers)


class _Through(HTTPSHandler):
    """Connects elsewhere for one host."""

    def __init__(self, netloc: str, through: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(context=self._tls)
        self._netloc, self._through = netloc, through

    def https_open(self, request: Request) -> HTTPResponse:
        if request.host != self._netloc:
            return super().https_open(request)
        return self.do_open(partial(_Connection, through=self._through, tls=self._tls), request)


class _Connection(HTTPSConnection):
    """Says the URL's host, and connects to another."""

    def __init__(self, host: str, *, through: str, tls: ssl.SSLContext, timeout: float) -> None:
        super().__init__(host, timeout=timeout, context=tls)
        self._through, self._tls = through, tls

    def connect(self) -> None:
        plain = socket.create_connection((self._through, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
