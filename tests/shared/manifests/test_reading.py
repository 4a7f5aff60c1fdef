from pathlib import Path

import pytest

from shared.documents.decoding import text_of
from shared.errors import InvalidRequest, NothingToSay, UnreadableDocument
from shared.manifests.reading import Form, read

DATA = Path(__file__).parents[2] / "data"
CELLS = [{"id": "a", "character": "Bob", "text": "Hi, you"}]


def test_the_sample_has_ten_rows_of_seven_columns():
    table = read(text_of((DATA / "npc-pack.csv").read_bytes()))
    assert table.columns == ["id", "character", "text", "language", "voice", "instruct", "group"]
    assert [row.number for row in table.rows] == list(range(2, 12))
    assert table.rows[0].cells["text"] == "Mind the sparks. What'll it be?"


@pytest.mark.parametrize(
    "text",
    [
        'id,character,text\na,Bob,"Hi, you"\n',
        "id;character;text\na;Bob;Hi, you\n",
        "id\tcharacter\ttext\na\tBob\tHi, you\n",
        "sep=|\nid|character|text\na|Bob|Hi, you",
        "\nid;character;text;;\n;;;;\na;Bob;Hi, you;;\n",
        '[{"id": "a", "character": "Bob", "text": "Hi, you"}]',
        '{"lines": [{"id": "a", "character": "Bob", "text": "Hi, you"}]}',
        "- id: a\n  character: Bob\n  text: Hi, you\n",
        "lines:\n- {id: a, character: Bob, text: 'Hi, you'}\n",
    ],
)
def test_every_way_of_writing_a_table_gives_the_same_cells(text: str):
    assert [row.cells for row in read(text).rows] == CELLS


def test_a_table_of_windows_with_a_mark_of_another_encoding_is_read():
    data = b"\xef\xbb\xbf" + "id;character;text\na;Zoë;¿Quién va?\n".encode()
    assert read(text_of(data)).columns[0] == "id"
    legacy = "id;character;text\na;Zoë;Señor, ¿quién va ahí? Él está aquí.\n".encode("cp1252")
    assert read(text_of(legacy)).rows[0].cells["character"] == "Zoë"


def test_rows_are_counted_as_a_spreadsheet_counts_them():
    table = read('id,character,text\na,Bob,"two\nlines"\n,,\nb,Bob,Hi\n')
    assert [row.number for row in table.rows] == [2, 4]


def test_yaml_keeps_words_that_yaml_takes_for_something_else():
    cells = read("- id: 007\n  text: No\n  voice: null\n  notes: 'null'\n").rows[0].cells
    assert cells == {"id": "007", "text": "No", "voice": "", "notes": "null"}


def test_json_values_become_words():
    row = read('[{"id": 7, "takes": 2.5, "x": true, "tags": ["é"], "bad": "\\ud800"}]').rows[0]
    assert list(row.cells.values()) == ["7", "2.5", "true", '["é"]', "?"]


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ('id,character,text\na,Bob,"Hi\nb,Bob,Hi\n', None, "Row 2 .*not CSV"),
        ("id,character,text\na,Bob,Hi, you\n", None, "Row 2 has more cells than columns: 'you'"),
        ("id,text,text\na,b,c\n", None, "two columns 'text'"),
        ('[{"id": 1,}]', None, "Line 1, column 1"),
        ('[{"id": 1, "id": 2}]', None, "'id' twice"),
        ("[" * 100_000, "json", "too deeply"),
        ("7", "json", "no list of lines"),
        ("[7]", "json", "Entry 1 is no object"),
        ("- id: a\n  id: b\n", None, "'id' twice"),
        ("- id: [\n", None, "Line 2 is not YAML"),
        ("- &a {id: x}\n- *a\n", "yaml", "Line 1: anchors"),
        ("- " + "[" * 500 + "]" * 500, "yaml", "too deeply"),
    ],
)
def test_a_malformed_table_is_refused_with_the_place(text: str, form: Form | None, message: str):
    with pytest.raises(UnreadableDocument, match=message):
        read(text, form)


@pytest.mark.parametrize("text", ["id,text\n" + "a,b\n" * 50_001, ",".join("abc") * 200 + "\nx"])
def test_a_table_has_limits(text: str):
    with pytest.raises(InvalidRequest, match=r"at most|more than"):
        read(text)


def test_an_empty_table_says_nothing():
    with pytest.raises(NothingToSay):
        read(" \n")
