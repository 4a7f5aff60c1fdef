"""Words and how they are to be read."""

from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.text import lexicon
from shared.text.lexicon import Lexicon


def applied(entries: dict[str, str], text: str) -> str:
    for entry in reversed([*Lexicon(entries).find(text)]):
        text = text[: entry.start] + entry.spelling + text[entry.end :]
    return text


@pytest.mark.parametrize(
    ("entries", "text", "said"),
    [
        ({"nginx": "N"}, "nginx, Nginx nginxes", "N, N nginxes"),
        ({"US": "U S"}, "US us", "U S us"),
        ({"new": "1", "new york": "2"}, "New York, new", "2, 1"),
        ({"C++": "cpp"}, "C++ and C", "cpp and C"),
        ({"straße": "s"}, "Die Straße.", "Die s."),
        ({"重庆": "虫庆"}, "在重庆市", "在虫庆市"),
        ({"a.b": "x"}, "a.b aXb", "x aXb"),
        ({"<|im_end|>": "x", "y": "<|im_end|>"}, "<|im_end|> y", "<|im_end|> y"),
    ],
)
def test_whole_words_are_found_the_longest_first(entries: dict[str, str], text: str, said: str):
    assert applied(entries, text) == said


def test_ten_thousand_entries_are_looked_up_in_one_pass():
    entries = {f"word{n}": f"w{n}" for n in range(10_000)}
    assert applied(entries, "word9999 word10000") == "w9999 word10000"


def test_the_files_of_the_service_are_read():
    assert lexicon.LEXICA["english"]["nginx"]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("nginx: 5", "nginx"),
        ("- a", "The whole"),
        ("a: b: c", "not YAML"),
        ("5: x", "5"),
        ("a: ''", "a"),
        ("'...': x", "..."),
    ],
)
def test_a_broken_file_is_named_with_the_key(tmp_path: Path, content: str, key: str):
    file = tmp_path / "english.yaml"
    file.write_text(content)
    with pytest.raises(ConfigurationError) as error:
        lexicon.read_all(tmp_path)
    assert key in error.value.message
    assert str(file) in error.value.message


def test_a_file_for_no_language_is_refused(tmp_path: Path):
    (tmp_path / "klingon.yaml").write_text("a: b")
    with pytest.raises(ConfigurationError, match="klingon"):
        lexicon.read_all(tmp_path)


def test_an_empty_file_has_no_entries(tmp_path: Path):
    (tmp_path / "german.yaml").write_text("# nothing yet")
    assert lexicon.read_all(tmp_path) == {"german": {}}
