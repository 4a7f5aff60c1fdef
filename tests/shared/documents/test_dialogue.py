import pytest

from shared.documents import dialogue

SAID = [
    ("english", "“Well,” said Ann, “that is it.”", ["“Well,”", "“that is it.”"]),
    ("english", '"You saw it?" asked a voice.', ['"You saw it?"']),
    ("english", "The “Alba Grace” had a 'good' crew.", []),
    ("english", "‘It’s late,’ said the dogs’ owner.", ["‘It’s late,’"]),
    ("english", "The dogs’ owner said ‘late’ twice.", []),
    ("german", "„Nein“, sagte er, „nie.“", ["„Nein“", "„nie.“"]),
    ("german", "»Nein«, sagte er.", ["»Nein«"]),
    ("french", "Il dit : « Oui. » Puis rien.", ["« Oui. »"]),
    ("french", "— Bonjour, dit-il.", ["— Bonjour, dit-il."]),
    ("spanish", "—Hola —dijo Ana—. ¿Qué tal?", ["—Hola", " ¿Qué tal?"]),
    ("portuguese", "— Olá — disse ela. — Como vai?", ["— Olá", " — Como vai?"]),
    ("russian", "— Привет, — сказал он. — Это — дом.", ["— Привет,", " — Это — дом."]),
    ("english", "— A dash begins this.", []),
    ("japanese", "「行こう」と彼は言った。", ["「行こう」"]),
    ("chinese", "他说:“走吧。”她没动。", ["“走吧。”"]),
    ("korean", "“가자.” 그가 말했다.", ["“가자.”"]),
]


@pytest.mark.parametrize(("language", "text", "said"), SAID)
def test_what_is_said_is_told_from_who_says_it(language: str, text: str, said: list[str]):
    (found,) = dialogue.spans([text], language)
    assert [text[start:end] for start, end in found] == said


def test_a_quotation_goes_on_in_the_next_paragraph():
    paragraphs = ["He said: “It was", "late.” Nobody spoke.", "Then they did."]
    assert dialogue.spans(paragraphs, "english") == [[(9, 16)], [(0, 6)], []]


def test_a_mark_that_nobody_closes_ends_with_its_paragraph():
    assert dialogue.spans(['"It was', "late.", '"Yes," he said.'], "english") == [
        [(0, 7)],
        [],
        [(0, 6)],
    ]
