"""Somebody who is told by webhooks, and answers as a test wants."""

import queue
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
PATIENCE = 30.0


@dataclass(frozen=True)
class Told:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self) -> Any:
        """The payload. Raises WebhookVerificationError if it is not signed with the secret."""
        return Webhook(SECRET).verify(self.body, self.headers)


class Receiver:
    """A server on this machine; `answers` are the statuses of the next requests, then 204."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[int] = []
        self.free = threading.Event()
        """Until it is set nobody gets an answer."""
        self.free.set()
        self.arrived: queue.Queue[Told] = queue.Queue()

    def next(self) -> Told:
        """The next request. Raises queue.Empty when none comes."""
        return self.arrived.get(timeout=PATIENCE)


@contextmanager
def receiving(certificate: Path | None = None) -> Generator[Receiver]:
    """A receiver as long as the block lasts, by TLS if it has a certificate."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        receiver = Receiver(f"{scheme}://localhost:{server.server_port}")
        handler.receiver = receiver
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield receiver
        receiver.free.set()
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        receiver = self.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.arrived.put(Told(self.path, dict(self.headers.items()), body))
        status = receiver.answers.pop(0) if receiver.answers else 204
        receiver.free.wait(PATIENCE)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"{receiver.url}/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests say what they miss."""
