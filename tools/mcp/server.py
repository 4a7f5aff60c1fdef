"""The MCP server: over standard input and output for a program that starts it, or over HTTP."""

from pathlib import Path
from typing import Any

from mcp.server import MCPServer

from shared.client import AsyncClient
from shared.version import __version__
from tools.mcp.tools import INSTRUCTIONS, SpeechTools


def create(url: str, api_key: str, folder: Path) -> MCPServer[Any]:
    """A server whose tools speak through the service at `url` and write into `folder`."""
    server: MCPServer[Any] = MCPServer(
        "qwen3-tts", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING"
    )
    # The client lives as long as the process: over HTTP, many sessions share it.
    tools = SpeechTools(AsyncClient(url, api_key), folder)
    for tool in (tools.speak, tools.list_voices, tools.narrate, tools.job_status):
        server.add_tool(tool)
    return server
