"""The tools as the client of the `mcp` package meets them."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from shared.settings import ROOT
from tests.stack import Stack

pytestmark = [pytest.mark.redis, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def model(stack: Stack, tmp_path: Path) -> AsyncIterator[Client]:
    """A language model's side of `qtts mcp`."""
    command = ["-m", "tools.qtts", "--url", stack.urls[0], "mcp", "--folder", str(tmp_path)]
    server = StdioServerParameters(
        command=sys.executable, args=command, cwd=ROOT, env=stack.environment
    )
    async with Client(server) as client:
        yield client


async def called(model: Client, tool: str, **arguments: Any) -> Any:
    answer = await model.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return json.loads(answer.content[0].text)


async def test_the_tools_say_what_they_are_for(model: Client):
    tools = (await model.list_tools()).tools
    assert [tool.name for tool in tools] == ["speak", "list_voices", "narrate", "job_status"]
    assert all(tool.description for tool in tools)


async def test_a_text_becomes_a_file(model: Client, tmp_path: Path):
    speech = await called(model, "speak", text="The lamp turned.", voice="Uncle Fu", format="wav")
    assert Path(speech["file"]).parent == tmp_path
    assert soundfile.info(speech["file"]).duration == pytest.approx(speech["seconds"], abs=0.01)
    assert speech["preview"]


async def test_the_sound_comes_along_when_it_is_asked_for(model: Client):
    answer = await model.call_tool("speak", {"text": "The lamp turned.", "attach": True})
    assert [part.type for part in answer.content] == ["text", "audio"]
    assert answer.content[1].mime_type == "audio/mpeg"


async def test_voices_are_found_by_a_word(model: Client):
    answer = await model.call_tool("list_voices", {"search": "beijing"})
    assert [json.loads(part.text)["id"] for part in answer.content] == ["dylan"]


async def test_a_long_text_is_a_job_that_is_asked_for(model: Client):
    job = await called(model, "narrate", text="# One\n\nThe lamp turned.", format="wav")
    while not (told := await called(model, "job_status", job=job["job"]))["speech"]:
        assert not told["error"]
    assert told["state"] == "succeeded"
    assert soundfile.info(told["speech"]["file"]).duration > 1


async def test_an_error_is_told_in_the_words_of_the_service(model: Client):
    answer = await model.call_tool("speak", {"text": "Hello.", "voice": "nobody"})
    assert answer.is_error
    assert "There is no voice 'nobody'. (unknown_voice)" in answer.content[0].text
