"""The key that a request carries."""

from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

_HEADERS = ("x-api-key", "xi-api-key")
"""Those of other services' clients; ElevenLabs has the second."""
_IN_ADDRESS = "api_key"


def take(scope: Scope, headers: Headers) -> str:
    """The key, or nothing; one in the address is taken out of it, as addresses are logged."""
    found = _in_address(scope)
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    for name in _HEADERS:
        if name in headers:
            return headers[name]
    # Browsers cannot set headers on a WebSocket.
    return found if scope["type"] == "websocket" else ""


def _in_address(scope: Scope) -> str:
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    rest = [(name, value) for name, value in pairs if name != _IN_ADDRESS]
    if len(rest) < len(pairs):
        scope["query_string"] = urlencode(rest).encode()
    return dict(pairs).get(_IN_ADDRESS, "")
