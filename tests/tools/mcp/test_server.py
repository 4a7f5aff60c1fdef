"""The tools as the client of the `mcp` package meets them."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import soundfile
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from shared.settings import ROOT
from tests.stack import Stack

pytestmark = [pytest.mark.redis, pytest.mark.anyio]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where recordings are written."""
    return tmp_path_factory.mktemp("speech")


@pytest.fixture(scope="module")
async def model(anyio_backend: str, stack: Stack, folder: Path) -> AsyncIterator[Client]:
    """A language model's side of `qtts mcp`."""
    command = ["-m", "tools.qtts", "--url", stack.urls[0], "mcp", "--folder", str(folder)]
    server = StdioServerParameters(
        command=sys.executable, args=command, cwd=ROOT, env=stack.environment
    )
    async with Client(server) as client:
        yield client


async def answered(model: Client, tool: str, **arguments: Any) -> list[Any]:
    """The parts of an answer that is no error."""
    answer = await model.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer.content


async def called(model: Client, tool: str, **arguments: Any) -> Any:
    return json.loads((await answered(model, tool, **arguments))[0].text)


async def test_the_tools_say_what_they_are_for(model: Client):
    tools = (await model.list_tools()).tools
    assert [tool.name for tool in tools] == ["speak", "list_voices", "narrate", "job_status"]
    assert all(tool.description for tool in tools)


async def test_a_text_becomes_a_file(model: Client, folder: Path):
    speech = await called(model, "speak", text="The lamp turned.", voice="Uncle Fu", format="wav")
    assert Path(speech["file"]).parent == folder
    assert soundfile.info(speech["file"]).duration == pytest.approx(speech["seconds"], abs=0.01)
    assert speech["preview"]


async def test_the_sound_comes_along_when_it_is_asked_for(model: Client):
    parts = await answered(model, "speak", text="Hello.", attach=True, format="opus")
    assert [part.type for part in parts] == ["text", "audio"]
    assert parts[1].mime_type == "audio/ogg"


async def test_voices_are_found_by_a_word(model: Client):
    parts = await answered(model, "list_voices", search="beijing")
    assert [json.loads(part.text)["id"] for part in parts] == ["dylan"]


async def test_a_long_text_is_a_job_that_is_asked_for(model: Client):
    job = await called(model, "narrate", text="# One\n\nThe lamp turned.", format="wav")
    while not (told := await called(model, "job_status", job=job["job"]))["speech"]:
        assert not told["error"]
        await anyio.sleep(0.02)
    assert told["state"] == "succeeded"
    assert soundfile.info(told["speech"]["file"]).duration > 1


async def test_what_nobody_waits_for_is_cancelled(model: Client, stack: Stack):
    client = stack.client()
    with stack.still():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(model.call_tool, "speak", {"text": "Nobody waits for me."})
            while not (waiting := client.jobs(state="queued").items):
                await anyio.sleep(0.02)
            tasks.cancel_scope.cancel()
        while client.job(waiting[0].id).state != "cancelled":  # pyright: ignore
            await anyio.sleep(0.02)


async def test_an_error_is_told_in_the_words_of_the_service(model: Client):
    answer = await model.call_tool("speak", {"text": "Hello.", "voice": "nobody"})
    assert answer.is_error
    assert "There is no voice 'nobody'. (unknown_voice)" in str(answer.content[0])
