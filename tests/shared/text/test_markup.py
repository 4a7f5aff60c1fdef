"""Square brackets and SSML, taken out of a text."""

import pytest

from shared.text.manner import Manner
from shared.text.passages import Passage, Reading, read


def passages(text: str) -> list[Passage]:
    return read(text, "english", normalise=False).passages


def texts(text: str) -> list[str]:
    return [p.text for p in passages(text)]


def remarks(text: str) -> list[str]:
    found: Reading = read(text, "english")
    return found.remarks


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ("[pause:1.5]", 1.5),
        ("[pause 1.5s]", 1.5),
        ("[PAUSE = 250 ms]", 0.25),
        ("[pause]", 1.0),
        ("[silent 1,5s]", 1.5),
        ("[break]", 0.5),
        ("[break 500ms]", 0.5),
        ('<break time="500ms"/>', 0.5),
        ("<break time='2s' />", 2.0),
        ('<break strength="strong"/>', 1.0),
        ("<break/>", 0.5),
    ],
)
def test_a_pause_is_silence_of_that_length(tag: str, seconds: float):
    found = passages(f"One. {tag} Two.")
    assert [(p.text, p.pause) for p in found] == [("One.", seconds), ("Two.", None)]


@pytest.mark.parametrize(
    ("tag", "manner"),
    [
        ("[voice:Old Ana]", Manner(voice="Old Ana")),
        ("[emotion:Happy]", Manner(emotion="happy")),
        ("[emotion:out of breath]", Manner(instruct="out of breath")),
        ("[speed:1.2]", Manner(speed=1.2)),
        ("[speed:9]", Manner(speed=2.0)),
        ("[lang:de]", Manner(language="german")),
        ('<prosody rate="120%">', Manner(speed=1.2)),
        ('<prosody rate="+10%">', Manner(speed=1.1)),
        ('<prosody rate="slow" pitch="low">', Manner(speed=0.8)),
        ('<lang xml:lang="de-DE">', Manner(language="german")),
    ],
)
def test_a_manner_holds_until_it_is_closed(tag: str, manner: Manner):
    name = tag[1:].split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    closing = f"[/{name}]" if tag.startswith("[") else f"</{name}>"
    found = passages(f"One. {tag}Two.{closing} Three.")
    assert [p.manner for p in found] == [Manner(), manner, Manner()]


def test_a_voice_ends_where_the_next_begins():
    found = passages("[voice:Ana]One. [voice:Bo]Two.[/voice] Three.")
    assert [p.manner.voice for p in found] == ["Ana", "Bo", None]
    assert remarks("[voice:Ana]One.") == []


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ('<say-as interpret-as="digits">1998</say-as>', "one nine nine eight"),
        ('<say-as interpret-as="cardinal">1998</say-as>', "one thousand nine hundred and "
         "ninety-eight"),
        ('<say-as interpret-as="ordinal">3</say-as>', "third"),
        ('<say-as interpret-as="characters">a1.b</say-as>', "A one dot B"),
        ('<say-as interpret-as="date">3/5/2026</say-as>', "March fifth, twenty twenty-six"),
        ('<say-as interpret-as="currency">$1</say-as>', "one dollar"),
        ('<say-as interpret-as="time">7:05</say-as>', "seven oh five"),
        ('<sub alias="World Wide Web">WWW</sub>', "World Wide Web"),
        ('<speak>a &lt; b &amp; c</speak>', "a < b & c"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("H<sub>2</sub>O", "H2O"),
        ("<emphasis level='strong'>now</emphasis>", "now"),
    ],
)  # fmt: skip
def test_ssml_says_how_it_is_read_even_where_nothing_else_is_normalised(element: str, said: str):
    found = read(element, "english", normalise=False)
    assert [p.said for p in found.passages] == [said]
    assert found.remarks == []


def test_paragraphs_and_sentences_of_ssml_end_there():
    found = passages("<speak><p>One</p><p><s>two</s> <s>three</s></p></speak>")
    assert [(p.text, p.boundary.value) for p in found] == [
        ("One", "paragraph"),
        ("two", "sentence"),
        ("three", "end"),
    ]


@pytest.mark.parametrize("tag", ["[laugh]", "[foo:bar]", "[/foo]", "<blink>", "</blink>", "<b/>"])
def test_unknown_mark_up_is_remarked_with_its_line_and_not_read(tag: str):
    assert texts(f"One\ntwo {tag}, three.") == ["One\ntwo, three."]
    assert remarks(f"One\ntwo {tag}, three.") == [
        f"Mark-up that is not known was left out: {tag} (line 2)."
    ]


@pytest.mark.parametrize(
    "prose",
    [
        "the letter [from his mother] said",
        "[T]he end [1]",
        "a < b and 5 > 3",
        "if x<y and y>z",
        "[note: this is prose]",
        "[pause for effect]",
        "[] [ ] < > <>",
    ],
)
def test_prose_in_brackets_stays(prose: str):
    assert " ".join(texts(f"x {prose} y")) == f"x {prose} y"
    assert remarks(prose) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a [/voice] b", "closes nothing"),
        ("a [speed:1.2] b", "nothing closes"),
        ("a <prosody rate='slow'> b", "nothing closes"),
        ("a </p> b", "closes nothing"),
        ("a [speed:x] b", "makes no sense"),
        ("a [lang:xx] b", "makes no sense"),
        ("a [pause:x] b", "makes no sense"),
        ("a <say-as interpret-as='song'>x</say-as> b", "makes no sense"),
        ("a [pause:900] b", "60 s at most"),
        ("a <prosody volume='x'>b</prosody>", "no voice here can follow"),
        ("<emphasis>" * 40 + "a" + "</emphasis>" * 40, "more than 32"),
    ],
)
def test_mark_up_that_cannot_be_followed_is_remarked_and_not_read(text: str, what: str):
    found = read(text, "english")
    assert any(what in remark for remark in found.remarks)
    assert not [p for p in found.passages if set(p.said) & set("[]<>")]


@pytest.mark.parametrize(("line", "named"), [(7, " (line 8)"), (None, "")])
def test_remarks_count_lines_as_the_document_does(line: int | None, named: str):
    found = read("One\n[laugh] two.", "english", line=line)
    assert found.remarks == [f"Mark-up that is not known was left out: [laugh]{named}."]


def test_comments_are_remarked():
    assert remarks("One <!-- not yet --> two.") == [
        "Comments were left out: <!-- not yet --> (line 1)."
    ]


def test_many_faults_make_one_remark():
    assert remarks("".join(f"[x{n}:y] " for n in range(500)) + "a")[0].endswith("and 495 more.")
