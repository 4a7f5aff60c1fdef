"""The Lua scripts, loaded once and called by name."""

from pathlib import Path
from typing import Any

from redis.commands.core import AsyncScript, Script

from shared.connection import AsyncConnection, Connection

_FOLDER = Path(__file__).parent / "lua"
_SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in _FOLDER.glob("*.lua")}


def run(connection: Connection, name: str, keys: list[str], arguments: list[Any]) -> Any:
    """Run the script `lua/{name}.lua` atomically on the server."""
    return Script(connection, _SOURCES[name])(keys=keys, args=arguments)


async def run_async(
    connection: AsyncConnection, name: str, keys: list[str], arguments: list[Any]
) -> Any:
    """The same for an event loop."""
    return await AsyncScript(connection, _SOURCES[name])(keys=keys, args=arguments)
