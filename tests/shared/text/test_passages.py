"""A text with mark-up, read."""

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import languages
from shared.text.passages import PLAIN, Manner, Passage, read
from shared.text.sentences import Boundary

DATA = Path(__file__).parents[2] / "data"
SENTENCES: dict[str, str] = yaml.safe_load((DATA / "sentences.yaml").read_text())
SAID = {
    "english": "Doctor Okoro paid three dollars and fifty cents for two pounds of apples at "
    'seven oh five a.m.; "a bargain," she said.',
    "chinese": "二〇二六年三月五日，气温降到零下十二点五度。他问：“我们真的要出发吗？”",
    "japanese": "午前九時三十分、気温は三点五度。「本当に行くの？」と彼女は聞いた。",
    "korean": "오전 아홉 시 삼십분, 기온은 삼 점 오도였다. “정말 가는 거야?”라고 그가 물었다.",
    "german": "Am dritten Oktober kostete das Brot vier Euro zwanzig. „Das ist zum Beispiel zu "
    "viel“, sagte Frau Doktor Weiß.",
    "french": "Madame Lefèvre a payé douze euros cinquante à dix-huit heures trente ; « c'est "
    "cher », dit-elle.",
    "russian": "В тысяча девятьсот девяносто восьмом году улица Лесная заканчивалась у дома "
    "двенадцать. «Дальше — только снег», — сказал он.",
    "portuguese": "O senhor Almeida mora na Avenida Central, número quarenta e cinco; chegou às "
    "oito e quinze. “Está frio”, disse.",
    "spanish": "¿Cuánto cuesta? —preguntó la señora Ruiz—. Son mil doscientos cincuenta euros "
    "con setenta y cinco céntimos por tres kilogramos.",
    "italian": "Il dottor Bianchi arrivò alle sette e quarantacinque con due virgola cinque "
    "chilogrammi di farina. «Basta così», disse.",
}
MARKED = st.lists(
    st.sampled_from(
        ["[pause:1]", "[voice:Ana]", "[/voice]", "[emotion:sad]", "[/emotion]", "[speed:1.2]",
         "[lang:de]", "[/lang]", "[laugh]", "[x", "<speak>", "</speak>", "<p>", "</p>", "<s>",
         "<break time='1s'/>", "<sub alias='B'>", "</sub>", "<say-as interpret-as='digits'>",
         "</say-as>", "(sad)", "(Nobody did.)", "&amp;", "<|im_end|>", "\x00", "e\u0301", " ", "\n",
         "\n\n", ". ", "word", "ABC ", "12.5 ", "7:45 ", "$3 ", "€", "# ", "*b*", "語。", "한", "ж",
         "🙂", "ﬁ", "½"]
    ),
    max_size=30,
).map("".join)  # fmt: skip
PROSE = re.compile(r"(?:[^\W_]|[.,!?:;]| (?! ))*")
LANGUAGES = st.sampled_from([*languages.CODES, languages.AUTO])


def said(text: str, language: str = "english", **how: object) -> list[str]:
    return [p.said for p in read(text, language, **how).passages]  # type: ignore[arg-type]


@pytest.mark.parametrize("language", languages.CODES)
def test_the_tricky_sentence_of_each_language_is_read_as_people_read_it(language: str):
    assert " ".join(said(SENTENCES[language], language)) == SAID[language]


def test_without_normalising_a_passage_is_said_as_it_is_written():
    text = "Am 3. Oktober\num 7 Uhr 🙂."
    assert said(text, "german", normalise=False) == [text]
    assert said(text, "german") == ["Am dritten Oktober um sieben Uhr."]


def test_plain_text_is_where_it_stood_and_in_no_manner_of_its_own():
    source = "One.\n\nTwo here. Three."
    assert read(source, "english").passages == [
        Passage("One.", "One.", 0, 4, 0.5, Boundary.PARAGRAPH),
        Passage("Two here. Three.", "Two here. Three.", 6, 22, 16 / 14.5, Boundary.END),
    ]


def test_a_pause_ends_a_passage_and_pauses_in_a_row_add_up():
    found = read("[pause:1]One. [pause 500ms][break] Two[pause:2] three.", "english")
    assert found.opening == 1
    assert [(p.text, p.pause, p.boundary) for p in found.passages] == [
        ("One.", 1.0, Boundary.SENTENCE),
        ("Two", 2.0, Boundary.COMMA),
        ("three.", None, Boundary.END),
    ]


def test_a_pause_alone_between_paragraphs_leaves_the_paragraph():
    found = read("One.\n\n[pause:2]\n\nTwo.", "english").passages
    assert [(p.text, p.boundary, p.pause) for p in found] == [
        ("One.", Boundary.PARAGRAPH, 2.0),
        ("Two.", Boundary.END, None),
    ]


def test_passages_of_different_manner_are_not_joined_and_know_their_places():
    source = 'He said [voice:Ana]yes[/voice]. <prosody rate="slow">And</prosody> then.'
    found = read(source, "english").passages
    assert [(p.text, p.manner) for p in found] == [
        ("He said", PLAIN),
        ("yes", Manner(voice="Ana")),
        ("And", Manner(speed=0.8)),
        ("then.", PLAIN),
    ]
    assert [source[p.start : p.end] for p in found] == [p.text for p in found]


def test_another_language_is_split_and_said_as_that_language():
    found = read("It says [lang:de]Am 3. Oktober um 7 Uhr.[/lang] On May 3.", "english").passages
    assert [(p.said, p.manner.language) for p in found] == [
        ("It says", None),
        ("Am dritten Oktober um sieben Uhr.", "german"),
        ("On May third.", None),
    ]


def test_what_the_request_spells_goes_before_the_service_and_is_not_normalised():
    words = {"7": "lucky 7", "Qwen": "Quen"}
    assert said("Qwen has 7 and 8.", lexicon=words) == ["Quen has lucky 7 and eight."]


def test_the_first_passage_is_one_short_sentence():
    text = "Two seconds are enough for this one. " * 6
    assert said(text, first=3.0)[0] == "Two seconds are enough for this one."
    long = "A sentence that is long, with a comma here, and goes on for more than it should."
    assert said(long, first=3.5)[0] == "A sentence that is long, with a comma here,"


def test_numbers_that_take_long_to_say_make_shorter_passages():
    found = read("The sum is 123,456,789.12 and " * 40 + "no more.", "english").passages
    assert max(p.seconds for p in found) <= 20
    assert len(found) > 40 * 30 / 14.5 / 20


def test_a_scene_break_is_left_out_and_nothing_at_all_has_no_passages():
    assert said("One.\n\n***\n\nTwo. 🙂") == ["One.", "Two."]
    assert read("[pause:1] ***", "english").passages == []


def test_the_language_of_auto_is_guessed_without_mark_up():
    assert read("[voice:Ana]午前9時です。", "auto").language == "japanese"


def test_control_characters_and_tokens_are_remarked_and_never_said():
    found = read("a<|im[laugh]_end|>\x07b <sub alias='<|im_end|>'>c</sub> d", "english")
    assert "|" not in "".join(p.said + p.text for p in found.passages)
    assert "Control characters in the text were left out." in found.remarks


@given(st.text(max_size=200) | MARKED, LANGUAGES, st.booleans())
@settings(deadline=None, max_examples=80)
def test_every_text_is_read_with_exact_places(text: str, language: str, normalise: bool):
    found = read(text, language, normalise=normalise, first=2.0).passages
    assert all(0 <= p.start < p.end <= len(text) for p in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    for p in found:
        composed = unicodedata.normalize("NFC", text[p.start : p.end])
        assert composed[0] == p.text[0]
        letters = iter(composed)
        assert all(letter in letters for letter in p.text if not letter.isspace())
        if PROSE.fullmatch(composed):
            assert p.text == composed
    assert [p for p in found if p.boundary is Boundary.END] == found[-1:]


def test_a_long_text_with_many_brackets_is_read():
    assert len(read("[laugh]" * 5_000 + "[" * 20_000, "english").passages) == 0
    assert len(read("a [pause:1] " * 1_000, "english").passages) == 1_000
    assert len(read("word " * 10_000 + "end.", "english").passages) > 150
