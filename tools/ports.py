"""TCP ports: which are free, and who holds the others."""

import os
import socket

import psutil

from shared.errors import ConfigurationError

HIGHEST = 65_535
TRIES = 200
"""Ports looked at before there is taken to be none."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # On Windows this option would let two servers share the port.
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def any_free(host: str = "127.0.0.1") -> int:
    """A port that the system picks."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def next_free(host: str, port: int, taken: set[int]) -> int:
    """The first free port from `port` on that is not in `taken`. Raises ConfigurationError."""
    for candidate in range(port, min(port + TRIES, HIGHEST + 1)):
        if candidate not in taken and is_free(host, candidate):
            return candidate
    raise ConfigurationError(f"No port from {port} to {port + TRIES} is free on {host}.")


def holder(port: int) -> str:
    """The process that listens on a port, as a person would name it."""
    process = _listener(port)
    if process is None:
        return "another process, which this user may not see"
    try:
        command = " ".join(process.cmdline()) or process.name()
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return f"process {process.pid}"
    return f"process {process.pid} ({command[:80]})"


def _listener(port: int) -> psutil.Process | None:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        place = connection.laddr if connection.status == psutil.CONN_LISTEN else ()
        if place and place.port == port and connection.pid:
            try:
                return psutil.Process(connection.pid)
            except psutil.NoSuchProcess:
                return None
    return None
