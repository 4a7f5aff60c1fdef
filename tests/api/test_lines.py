"""Lines of finished outputs: what is spoken again, what is not, and what is heard of it."""

import time
from typing import Any

import httpx
import pytest

from shared.client import Client
from shared.stores import takes
from shared.stores.folder import FolderOutputs
from shared.views import LinePage
from tests.api.jobs import ended, fault, said, wait_for
from tests.stack import Stack

SPEECHES = (
    "ANNA: The ferry is late.",
    "MIKHAIL: The ferry is always late.",
    "ANNA: Not like this.",
    "MIKHAIL: No. Not like this.",
)
PATIENCE = 20.0


def script(http: httpx.Client, *speeches: str, **fields: Any) -> dict[str, Any]:
    """A table read that has succeeded."""
    text = "\n".join(speeches)
    body = {"text": text, "language": "english", "retakes": 0, "loudness": "off", **fields}
    answer = http.post("/v1/jobs/script", json=body)
    assert answer.status_code == 202, answer.text
    job = ended(http, answer.json()["id"])
    assert job["state"] == "succeeded", job
    return job


@pytest.fixture(scope="module")
def output(stack: Stack) -> str:
    return script(stack.http(), *SPEECHES, fresh=True)["id"]


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


def files_of(http: httpx.Client, run: str) -> dict[str, bytes]:
    """What is heard and shown, by name."""
    names = http.get(f"/v1/outputs/{run}").json()["files"]
    shown = [it for it in names if not it.startswith("line-") and it != "lines.json"]
    return {it: http.get(f"/v1/outputs/{run}/files/{it}").content for it in shown}


def assembled(client: Client, run: str) -> LinePage:
    """The lines once the recording is of the takes that are chosen."""
    until = time.monotonic() + PATIENCE
    while (page := client.lines(run)).assembly.state != "done":
        assert time.monotonic() < until, page.assembly
        time.sleep(0.02)
    return page


def taken(http: httpx.Client, client: Client, run: str, number: int, **changes: Any) -> int:
    """Speak a line again; the number of the take."""
    job = ended(http, client.retake(run, number, **changes).id)
    assert job["state"] == "succeeded", job
    return client.line(run, number).takes[-1].number


# --- a document that is sent again ---


def test_one_changed_line_is_all_that_is_spoken(
    http: httpx.Client, client: Client, output: str
) -> None:
    changed = (*SPEECHES[:2], "ANNA: Never like this.", *SPEECHES[3:])
    job = script(http, *changed)
    assert job["request"]["continues"] == output
    assert (job["result"]["lines"]["taken_over"], job["result"]["lines"]["spoken"]) == (3, 4)
    before, after = client.lines(output).items, client.lines(job["id"]).items
    assert [row.taken_over for row in after] == [output, output, "", output]
    for old, new in zip(before, after, strict=True):
        same = new.number != 3
        assert (old.takes[0].made_at == new.takes[0].made_at) == same


def test_a_line_put_in_costs_one_line(http: httpx.Client, output: str) -> None:
    job = script(http, "ANNA: Listen.", *SPEECHES, continues=output)
    assert (job["result"]["lines"]["taken_over"], job["result"]["lines"]["spoken"]) == (4, 5)


def test_a_fresh_job_speaks_every_line(http: httpx.Client, client: Client, output: str) -> None:
    job = script(http, *SPEECHES, fresh=True)
    assert job["request"]["continues"] is None
    assert job["result"]["lines"]["taken_over"] == 0
    before = max(row.takes[0].made_at for row in client.lines(output).items)
    assert all(row.takes[0].made_at > before for row in client.lines(job["id"]).items)


def test_the_lines_of_a_job_that_failed_are_taken_over(http: httpx.Client) -> None:
    text = "1\n00:00:01,000 --> 00:00:01,300\nNobody could say all this in so short a time.\n"
    body = {"text": text, "language": "english", "overrun": "fail", "retakes": 0}
    failed = ended(http, http.post("/v1/jobs/subtitles", json=body).json()["id"])
    assert failed["error"]["code"] == "cue_too_long"
    body |= {"overrun": "cut", "continues": failed["id"]}
    job = ended(http, http.post("/v1/jobs/subtitles", json=body).json()["id"])
    assert (job["state"], job["result"]["lines"]["taken_over"]) == ("succeeded", 1)


# --- one line again ---


def test_another_take_is_heard_once_it_is_chosen(http: httpx.Client, client: Client) -> None:
    run = script(http, *SPEECHES, fresh=True)["id"]
    before = files_of(http, run)
    words = "[pause:0.2]It left on May 5 [emotion:sad]without you."
    take = taken(http, client, run, 2, text=words, voice="Dylan")
    assert files_of(http, run) == before, "nothing is heard of it yet"

    client.choose(run, 2, take)
    line = assembled(client, run).items[1]
    assert (line.chosen, line.role.voice) == (take, "dylan")
    assert line.said == "It left on May fifth without you."
    after = files_of(http, run)
    changed = {name for name, data in before.items() if after[name] != data}
    heard = {"audio.wav", "audio.srt", "audio.vtt", "timings.json", "lines.zip"}
    assert heard <= changed
    assert not changed & {"plan.json", "stream.wav"}
    assert b"It left on May 5 without you." in after["audio.srt"]
    told = http.get(f"/v1/outputs/{run}").json()
    assert told["duration_seconds"] == pytest.approx((len(after["audio.wav"]) - 44) / 48_000, 0.01)

    client.choose(run, 2, 1)
    line = assembled(client, run).items[1]
    assert files_of(http, run) == before, "what was heard before is heard again, to the byte"
    assert [it.number for it in line.takes] == [1, take]
    assert http.get(line.takes[-1].audio).is_success, "takes are kept"


def test_a_take_at_another_speed_is_as_long_as_that(http: httpx.Client, client: Client) -> None:
    run = script(http, *SPEECHES, fresh=True)["id"]
    planned = client.line(run, 2)
    same = planned.takes[0]
    take = taken(http, client, run, 2, seed=same.seed, speed=0.5)
    client.choose(run, 2, take)
    slow = assembled(client, run).items[1]
    assert (slow.role.speed, planned.role.speed) == (0.5, 1.0)
    before, after = ((line.end or 0) - (line.start or 0) for line in (planned, slow))
    assert after == pytest.approx(2 * before, rel=0.1)
    assert slow.takes[-1].seconds == pytest.approx(same.seconds)


def test_takes_are_told_apart(http: httpx.Client, client: Client, output: str) -> None:
    take = taken(http, client, output, 1)
    other = taken(http, client, output, 1, seed=77, instruct="whisper")
    first, second, third = client.line(output, 1).takes[-3:]
    assert (second.number, third.number) == (take, other)
    assert first.seed != second.seed
    assert (third.seed, third.role.instruct) == (77, "whisper")
    assert second.job
    assert {first.text, second.text, third.text} == {"The ferry is late."}


def test_a_recording_that_is_behind_says_so_and_follows(
    stack: Stack, http: httpx.Client, client: Client
) -> None:
    """As if the API had died after the choice: whoever looks next begins the work."""
    run = script(http, *SPEECHES, fresh=True)["id"]
    before = files_of(http, run)["audio.wav"]
    take = taken(http, client, run, 3, text="Never in all these years has it been like this.")
    takes.choose(FolderOutputs(stack.outputs_dir), run, 3, take)
    assert client.lines(run).assembly.state == "running"
    assembled(client, run)
    assert len(files_of(http, run)["audio.wav"]) > len(before)


def test_a_whole_job_takes_over_the_document_and_not_the_retakes(
    http: httpx.Client, client: Client
) -> None:
    """Another take is a choice about one output; the next one is of what the document says."""
    run = script(http, *SPEECHES, fresh=True)["id"]
    client.choose(run, 1, taken(http, client, run, 1, text="The boat is late."))
    again = script(http, *SPEECHES, continues=run)
    assert again["result"]["lines"]["taken_over"] == 4
    assert again["result"]["segments"][0]["text"] == "The ferry is late."


# --- what cannot be ---


def test_unknown_lines_and_takes_are_404(http: httpx.Client, output: str) -> None:
    lines = f"/v1/outputs/{output}/lines"
    for answer in (
        http.get(f"{lines}/99"),
        http.post(f"{lines}/99/takes", json={}),
        http.patch(f"{lines}/99", json={"take": 1}),
        http.patch(f"{lines}/1", json={"take": 99}),
    ):
        assert fault(answer) == (404, "unknown_line")
    assert fault(http.get(f"/v1/outputs/{'0' * 8}/lines"))[0] == 404


def test_what_was_spoken_in_one_go_has_no_lines(http: httpx.Client) -> None:
    lines = f"/v1/outputs/{said(http)['id']}/lines"
    for answer in (http.get(lines), http.post(f"{lines}/1/takes", json={})):
        assert fault(answer) == (409, "conflict")
    assert fault(http.patch(f"{lines}/1", json={"take": 1})) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"voice": "nobody"}, 404, "unknown_voice"),
        ({"text": ""}, 422, "nothing_to_say"),
        ({"seed": -1}, 422, "invalid_request"),
        ({"speed": 3}, 422, "invalid_request"),
        ({"pitch": 2}, 422, "unknown_field"),
    ],
)
def test_a_take_that_cannot_be_made_is_refused(
    http: httpx.Client, output: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = http.post(f"/v1/outputs/{output}/lines/1/takes", json=body)
    assert fault(answer) == (status, code)


def test_lines_come_in_pages(client: Client, output: str) -> None:
    first = client.lines(output, limit=3)
    assert [row.number for row in first.items] == [1, 2, 3]
    assert first.next == 3
    last = client.lines(output, after=3)
    assert ([row.number for row in last.items], last.next) == ([4], None)
    assert client.line(output, 4).text == "No. Not like this."


def test_lines_are_found_by_speaker_words_and_takes(
    http: httpx.Client, client: Client, output: str
) -> None:
    def found(**wanted: Any) -> list[int]:
        page = client.lines(output, **wanted)
        assert page.found == len(page.items)
        return [row.number for row in page.items]

    assert found(speaker="ANNA") == [1, 3]
    assert found(speaker="ANNA", q="NOT like") == [3]
    assert found(q="mikhail late") == [2]
    assert found(speaker="") == []
    taken(http, client, output, 4, seed=12_345)
    assert 4 in found(takes=2)
    page = client.lines(output, after=1, limit=1, speaker="ANNA")
    assert ([row.number for row in page.items], page.found, page.next) == ([3], 2, None)
    assert page.speakers == {"ANNA": 2, "MIKHAIL": 2}
    assert page.counts.retaken == len(found(takes=2))


def test_cues_that_hardly_fit_are_found(http: httpx.Client, client: Client) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:01,300\nNobody could say all this in so short a time.\n\n"
        "2\n00:00:08,000 --> 00:00:12,000\nYes.\n"
    )
    body = {"text": text, "language": "english", "borrow": False, "retakes": 0}
    job = ended(http, http.post("/v1/jobs/subtitles", json=body).json()["id"])
    assert job["state"] == "succeeded", job
    page = client.lines(job["id"])
    long, short = (row.fit for row in page.items)
    assert long
    assert short
    assert (long.overrun > 0, short.overrun, short.action) == (True, 0.0, "fits")
    assert (page.counts.strained, page.counts.faulty, page.counts.failed) == (1, 1, 0)
    for wanted in ({"strained": True}, {"faulty": True}):
        assert [row.number for row in client.lines(job["id"], **wanted).items] == [1]
    assert client.lines(job["id"], state="failed").items == []


def test_a_job_names_its_lines(http: httpx.Client, output: str) -> None:
    job = wait_for(http, output, lambda it: it["state"] == "succeeded")
    assert http.get(job["links"]["lines"]).json()["output"] == output
