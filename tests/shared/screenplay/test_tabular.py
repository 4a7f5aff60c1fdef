import pytest

from shared.errors import InvalidRequest, UnreadableDocument
from shared.screenplay import tabular
from tests.shared.screenplay.written import brief, said


def test_columns_of_our_own():
    script = tabular.read_csv(
        "speaker,text,instruct,voice,pause_after\n"
        'ANA,"Hey, (beat) you.",weary,serena,1.5\nBOB,Ho.,,,\n'
    )
    assert said(script) == ["ANA: (weary) Hey, (beat) you.", "BOB: Ho."]
    ana, bob = script.speeches
    assert (ana.voice, ana.pause_after, ana.cue.line) == ("serena", 1.5, 2)
    assert (bob.voice, bob.pause_after, bob.cue.line) == (None, None, 3)


@pytest.mark.parametrize(
    "head", ["Character;Dialogue", "NAME\tLine", "who|says", "Figur;Texte", "角色,台词"]
)
def test_names_of_columns_and_separators(head: str):
    mark = next(letter for letter in head if letter in ",;\t|")
    assert said(tabular.read_csv(f"{head}\nAna{mark}Hey.\n")) == ["Ana: Hey."]
    assert tabular.is_table(f"{head}\nAna{mark}Hey.\n")


def test_every_cell_is_accounted_for():
    script = tabular.read_csv("mood_id,who,line\n1,ANA,Hey, you\n\n2,,Rain.\n3,BOB,\n4,BOB,Ho.\n")
    assert brief(script) == ["ANA: Hey", "- you", "! Rain.", "- BOB", "BOB: Ho."]
    assert script.warnings == ["Nothing is made of these columns: mood_id."]
    assert script.speeches[-1].cue.line == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speaker,voice\nANA,x\n", "no column `text`. Its columns are: speaker, voice."),
        ("text,id\nHey.,1\n", "no column `speaker`. Its columns are: text, id."),
        ("", "no column `speaker`. Its columns are: none."),
        ("who,text,pause\nANA,Hey.,soon\n", "Row 2: `pause_after` is 'soon'"),
        ("who,text,pause\nANA,Hey.,-1\n", "Row 2: `pause_after` is '-1'"),
    ],
)
def test_tables_that_are_wrong(text: str, message: str):
    with pytest.raises(InvalidRequest) as caught:
        tabular.read_csv(text)
    assert message in caught.value.message


def test_a_quotation_mark_that_is_never_closed():
    with pytest.raises(UnreadableDocument, match="Line 4 of the table"):
        tabular.read_csv('who,text\nANA,"Hey.\nBOB,Ho.\nANA,You.')


def test_pauses_with_a_decimal_comma():
    (speech,) = tabular.read_csv("who;text;pause\nANA;Hey.;0,8\n").speeches
    assert speech.pause_after == 0.8


@pytest.mark.parametrize("wrapped", ["{0}", '{{"title": "T", "lines": {0}}}'])
def test_json(wrapped: str):
    items = '[{"character": "ANA", "line": "Hey.", "pause": 2}, {"text": "Rain."}, {"text": ""}]'
    script = tabular.read_json(wrapped.format(items))
    assert brief(script) == ["ANA: Hey.", "! Rain.", "- "]
    assert (script.speeches[0].pause_after, script.unit) == (2.0, "Item")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('[\n{"text": }]', UnreadableDocument, "Line 2, column 10 is not JSON"),
        ("[" * 100_000, UnreadableDocument, "nested too deep"),
        ("[" + "9" * 5_000 + "]", UnreadableDocument, "too many digits"),
        ('{"a": 1}', InvalidRequest, "no list of lines"),
        ('[{"text": "a", "text": "b"}]', UnreadableDocument, "has 'text' twice"),
        ('[{"text": "a"}, 3]', InvalidRequest, "Item 2 is no object"),
        ('[{"who": "a", "id": 1}]', InvalidRequest, "Item 1 has no `text`. Its keys are: who, id."),
        ('[{"who": 1, "text": "a"}]', InvalidRequest, "Item 1: `speaker` is no text."),
        ('[{"text": "a", "pause": true}]', InvalidRequest, "Item 1: `pause_after` is 'True'"),
    ],
)
def test_json_that_is_wrong(text: str, error: type[InvalidRequest], message: str):
    with pytest.raises(error) as caught:
        tabular.read_json(text)
    assert message in caught.value.message
