from pathlib import Path
from typing import Any

import pytest

from shared.errors import InvalidRequest, NothingToSay, UnreadableDocument
from shared.plans.casting import FEW_VOICES
from shared.plans.plan import Plan
from shared.plans.planning import Document, plan
from shared.requests.npc_pack import NpcPack
from tests.shared.plans.known_voices import PRESETS

DATA = Path(__file__).parents[2] / "data"
HEADER = "id,character,text,language,voice,instruct,seed,takes,emotion,speed\n"


def planned(text: str | bytes, name: str = "", **fields: Any) -> Plan:
    data = text.encode() if isinstance(text, str) else text
    return plan(NpcPack.parse({"text": "x", **fields}), Document(data, name), PRESETS)


def test_the_sample_is_ten_lines_in_three_languages():
    made = planned((DATA / "npc-pack.csv").read_bytes(), "npc-pack.csv")
    assert [line.where.id for line in made.lines][:2] == ["smith_greet_01", "smith_greet_02"]
    assert [line.number for line in made.lines] == list(range(1, 11))
    assert {line.language for line in made.lines} == {"english", "spanish", "german"}
    assert made.language == "english"
    assert [(part.name, part.role.voice, part.lines) for part in made.cast] == [
        ("Blacksmith", "ryan", 4),
        ("Oracle", "serena", 3),
        ("Gate Guard", "aiden", 3),
    ]
    first = made.lines[0]
    assert first.role.instruct == "gruff, friendly, over the noise of a forge"
    assert (first.where.line, first.pause_after, first.columns["group"]) == (2, 0.25, "greetings")
    assert made.columns == list(first.columns)
    assert not made.skipped
    assert not made.warnings


def test_equal_tables_make_equal_plans_and_a_changed_row_changes_one_line():
    text = (DATA / "npc-pack.csv").read_text()
    before, after = planned(text), planned(text.replace("third bell", "second bell"))
    assert before == planned(text)
    changed = [a.number for a, b in zip(before.lines, after.lines, strict=True) if a.seed != b.seed]
    assert changed == [6]


def test_takes_are_lines_of_their_own_with_seeds_of_their_own():
    made = planned(HEADER + "a,Bob,Hi,,,,7,3,,\nb,Bob,Yo,,,,,,,\n", takes=2)
    assert [(line.where.id, line.take) for line in made.lines] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
        ("b", 1),
        ("b", 2),
    ]
    assert made.lines[0].seed == 7
    assert len({line.seed for line in made.lines}) == 5


def test_a_row_adds_to_the_role_of_its_character():
    role = {"voice": "ryan", "instruct": "old", "emotion": "sad", "speed": 0.9}
    made = planned(
        HEADER + 'a,Bob,Hi,de-DE,,"loud, far",,,happy,"1,2"\nb,bob,Hi,,vivian,,,,,\n',
        cast={"Bob": role},
    )
    first, second = (line.role for line in made.lines)
    assert (first.instruct, first.emotion, first.speed) == ("old; loud, far", "happy", 1.2)
    assert (second.voice, second.instruct, second.emotion) == ("ryan", "old", "sad")
    assert made.lines[0].language == "german"


def test_columns_of_languages_give_a_line_each_and_account_for_the_others():
    made = planned("keys,en,es,pl,_note\nhi,Guard: Halt!,¡Alto!,Stój!,x\nbye,Bye.,,,\n")
    assert [(line.where.id, line.language, line.speaker, line.text) for line in made.lines] == [
        ("hi", "english", "Guard", "Halt!"),
        ("hi", "spanish", "Narrator", "¡Alto!"),
        ("bye", "english", "Narrator", "Bye."),
    ]
    assert [(skip.where.line, skip.why) for skip in made.skipped] == [
        (2, "The model does not speak the language of `pl`."),
        (3, "Row 3 (es) has no text."),
    ]
    assert made.warnings == ["Row 2 and 3: no character, so Narrator speaks."]
    assert made.lines[0].columns["_note"] == "x"


def test_a_table_of_yarn_spinner_has_the_character_in_the_text():
    made = planned(
        "language,id,text,file,node,lineNumber,lock,comment\n"
        "en,line:0a,Oracle: You came.,a.yarn,Start,1,x,slowly\nen,line:0b,At 10:30.,,,,,\n"
    )
    assert [(line.speaker, line.text) for line in made.lines] == [
        ("Oracle", "You came."),
        ("Narrator", "At 10:30."),
    ]
    assert made.lines[0].role.instruct == "slowly"


@pytest.mark.parametrize("name", ["lines.json", "lines.yaml", ""])
def test_json_and_yaml_have_the_same_columns(name: str):
    text = '{"lines": [{"key": "a", "speaker": "Bob", "line": "Hi there."}]}'
    made = planned(text, name)
    assert [(line.where.line, line.text, line.speaker) for line in made.lines] == [
        (1, "Hi there.", "Bob")
    ]


def test_rows_without_id_or_words_are_told():
    made = planned("id,character,text\n,Bob,Hi\nb,Bob,\nc,Bob,…\n")
    assert [line.where.id for line in made.lines] == ["row_2"]
    assert [(skip.where.id, skip.text) for skip in made.skipped] == [("b", ""), ("c", "…")]
    assert made.warnings == ["Row 2: no id, so one was made of the number."]


def test_mark_up_of_game_engines_is_never_read_aloud():
    made = planned("id,character,text\na,Bob,It is [b]mine[/b] [wave]now[/wave].\n")
    assert made.lines[0].said == "It is mine now."
    assert made.warnings[0].startswith("Row 2: ")
    assert made.warnings[0].endswith(": [wave], [/wave].")


def test_the_language_is_that_of_all_rows_that_name_none():
    rows = "a,Bob,Halt!,\nb,Bob,Wer ist da?,\nc,Bob,Halt!,en\n"
    made = planned(f"id,character,text,language\n{rows}", language="auto")
    assert [line.language for line in made.lines] == ["german", "german", "english"]
    assert made.language == "german"


def test_a_long_row_stays_one_line():
    made = planned(f"id,character,text\na,Bob,{'It was cold. ' * 200}\n")
    assert len(made.lines) == 1
    assert made.lines[0].said.count("cold") == 200
    assert made.lines[0].seconds > 60


def test_five_hundred_characters_share_the_voices():
    rows = "".join(f"{n},Npc {n},Hi {n}.\n" for n in range(500))
    made = planned("id,character,text\n" + rows)
    assert len(made.cast) == 500
    assert made.warnings == [FEW_VOICES]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b"\xef\xbb\xbf" + "name;r\xe9plique\na;b\n".encode("cp1252"),
            "no column `id`, `character`",
        ),
        ("id,text\na,Hi\n", "no column `character`. Its columns are: id, text."),
        ("id,character,text\na,Bob,Hi\nb,Bob,Yo\na,Bob,Hey\n", "Row 2 and Row 4 have the same id"),
        (HEADER + "a,Bob,Hi,,Nobody,,,,,\n", "Row 2: There is no voice 'Nobody'"),
        (HEADER + "a,Bob,[voice:Nobody]Hi,,,,,,,\n", "Row 2: There is no voice 'Nobody'"),
        (HEADER + "a,Bob,Hi,Klingon,,,,,,\n", "Row 2: There is no language 'Klingon'"),
        (HEADER + "a,Bob,Hi,,,,,,odd,\n", "Row 2: There is no emotion 'odd'"),
        (HEADER + "a,Bob,Hi,,,,-1,,,\n", "Row 2: `seed` is '-1'"),
        (HEADER + "a,Bob,Hi,,,,,11,,\n", "Row 2: `takes` is '11'"),
        (HEADER + "a,Bob,Hi,,,,,,,3\n", "Row 2: `speed` is '3'"),
        (HEADER + f"a,Bob,Hi,,,{'x' * 1001},,,,\n", "Row 2: The direction has 1,001"),
        (f"id,character,text\na,Bob,{'Hm. ' * 1100}\n", "Row 2 has 4,399 characters"),
        (f"id,character,text\na,{'B' * 101},Hi\n", "Row 2: The character's name"),
    ],
)
def test_what_is_wrong_in_a_row_is_refused_with_its_number(text: str | bytes, message: str):
    with pytest.raises(InvalidRequest) as refusal:
        planned(text)
    assert message in refusal.value.message
    assert refusal.value.param == "text"


def test_an_empty_table_and_one_of_headers_alone_say_nothing():
    with pytest.raises(NothingToSay):
        planned("\n")
    with pytest.raises(NothingToSay):
        planned("id,character,text\n")
    with pytest.raises(UnreadableDocument):
        planned(b"PK\3\4" + bytes(200), "lines.xlsx")
