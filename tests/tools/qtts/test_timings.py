"""`qtts timings`: when what is heard."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tests.stack import Stack


def test_timings_are_a_table_data_or_subtitles(
    stack: Stack, type_in: Callable[..., Result], tmp_path: Path
):
    client = stack.client()
    job = client.wait(client.submit("custom_voice", {"text": "Come in.", "words": True}).id).id

    assert "Come in." in type_in("timings", job).stdout
    words = json.loads(type_in("timings", job, "--words", "--format", "json").stdout)
    assert [word["text"] for word in words["segments"][0]["words"]] == ["Come", "in."]
    file = tmp_path / "spoken.srt"
    assert type_in("timings", job, "--format", "srt", "-o", str(file)).exit_code == 0
    assert file.read_text().startswith("1\n00:00:00,000 --> ")
