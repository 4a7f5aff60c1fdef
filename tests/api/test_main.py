"""An API process that is told to stop."""

import signal

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.api.jobs import sounding
from tests.stack import Stack


def test_listeners_are_sent_home_when_the_process_is_told_to_stop(make_stack):
    stack: Stack = make_stack(PREVIEW_PACE="1")
    http = stack.http()
    job = sounding(http)
    path = f"/v1/jobs/{job['id']}"
    with (
        http.stream("GET", f"{path}/audio?follow=1") as sound,
        http.stream("GET", f"{path}/events") as events,
        connect(f"{stack.url.replace('http', 'ws', 1)}{path}/stream") as socket,
    ):
        pieces, lines = sound.iter_bytes(), events.iter_lines()
        assert next(pieces)
        assert next(lines)
        socket.recv(timeout=5)
        stack.kill_api(0, signal.SIGTERM)
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)
        assert "event: end" not in list(lines)
        with pytest.raises(ConnectionClosed, match="service restart"):
            list(socket)
    log = stack.log("api-0")
    assert "Traceback" not in log
    assert "timeout graceful shutdown exceeded" not in log
