import pytest

from shared.errors import UnreadableDocument
from shared.screenplay import reading
from tests.shared.screenplay.written import brief, said

FOUNTAIN = "ANA\nHey.\n\nBOB\n(beat)\nListen: I know.\n"


@pytest.mark.parametrize(
    ("text", "name", "speeches"),
    [
        (FOUNTAIN, "", ["ANA: Hey.", "BOB: (beat) Listen: I know."]),
        (FOUNTAIN, "a.fountain", ["ANA: Hey.", "BOB: (beat) Listen: I know."]),
        ("ANA: Hey.\nBOB: Ho.", "a.txt", ["ANA: Hey.", "BOB: Ho."]),
        ("INT. DOME - DAY\n\nANA: Hey.\nBOB: Ho.", "", ["ANA: Hey.", "BOB: Ho."]),
        ("**Ana:** Hey.\n\n**Bob:** Ho.", "a.md", ["Ana: Hey.", "Bob: Ho."]),
        ("who,text\nANA,Hey.", "", ["ANA: Hey."]),
        ("who;text\nANA;Hey.", "a.csv", ["ANA: Hey."]),
        ('[{"who": "ANA", "text": "Hey."}]', "", ["ANA: Hey."]),
        (
            '<?xml version="1.0"?><FinalDraft><Content><Paragraph Type="Character"><Text>ANA</Text>'
            '</Paragraph><Paragraph Type="Dialogue"><Text>Hey.</Text></Paragraph></Content>'
            "</FinalDraft>",
            "",
            ["ANA: Hey."],
        ),
        ("Nobody says a thing.", "", []),
        ("", "", []),
    ],
)
def test_forms_are_told(text: str, name: str, speeches: list[str]):
    assert said(reading.read(text.encode(), name)) == speeches


def test_a_screenplay_in_which_nobody_speaks_is_one():
    found = reading.read(b"INT. DOME - DAY\n\n[[Why?]]\n\nDust.\n", "a.fountain")
    assert brief(found) == ["= INT. DOME - DAY", "- [[Why?]]", "! Dust."]


def test_a_form_that_is_given_counts():
    assert said(reading.read(b"ANA: Hey.\n", "a.srt", "dialogue")) == ["ANA: Hey."]


def test_a_document_that_is_no_script():
    with pytest.raises(UnreadableDocument, match="'srt'"):
        reading.read(b"1\n00:00:01,000 --> 00:00:02,000\nHey.\n", "a.srt")


def test_a_table_in_the_code_page_of_western_windows_with_a_mark_of_utf_8():
    latin = "who;text\r\nÉlodie;Où est la clé?\r\nRené;Là-bas, déjà.\r\n"
    speeches = ["Élodie: Où est la clé?", "René: Là-bas, déjà."]
    assert said(reading.read(latin.encode("cp1252"), "a.csv")) == speeches
    assert said(reading.read(latin.encode("utf-8-sig"), "a.csv")) == speeches
