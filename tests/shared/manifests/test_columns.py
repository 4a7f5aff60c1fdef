import pytest

from shared.manifests.columns import Columns


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("ID,Character,Text", {"id": "ID", "character": "Character", "text": "Text"}),
        ("Line ID,speaker,line", {"id": "Line ID", "character": "speaker", "text": "line"}),
        (
            "language,id,text,file,node,lineNumber,lock,comment",
            {"id": "id", "text": "text", "language": "language", "instruct": "comment"},
        ),
        (
            "SpokenDialogue,VoiceActorDirection,AudioFileName,LocalizationKeys,IsRecorded,"
            "SpeakingVoice",
            {
                "id": "LocalizationKeys",
                "character": "SpeakingVoice",
                "text": "SpokenDialogue",
                "instruct": "VoiceActorDirection",
                "filename": "AudioFileName",
            },
        ),
        ("key,id,text", {"id": "id", "text": "text"}),
        ("id,_text,line", {"id": "id", "text": "line"}),
    ],
)
def test_columns_of_every_engine_are_understood(names: str, found: dict[str, str]):
    assert Columns.of(names.split(",")).by_meaning == found


@pytest.mark.parametrize(
    ("names", "id_", "locales"),
    [
        ("keys,en,es,_notes", "keys", [("en", "english"), ("es", "spanish")]),
        ("Key,Id,English(en),German(de)", "Key", [("en", "english"), ("de", "german")]),
        ("id,pt_BR,pl", "id", [("pt_BR", "portuguese"), ("pl", None)]),
        (
            "key,Chinese (Simplified)(zh-Hans),French",
            "key",
            [("zh-Hans", "chinese"), ("fr", "french")],
        ),
    ],
)
def test_columns_of_languages_are_found(
    names: str, id_: str, locales: list[tuple[str, str | None]]
):
    columns = Columns.of(names.split(","))
    assert columns.by_meaning["id"] == id_
    assert [(locale.code, locale.language) for locale in columns.locales] == locales
    assert columns.strings


def test_a_column_of_all_texts_goes_before_those_of_languages():
    columns = Columns.of(["id", "character", "text", "de"])
    assert columns.locales == []
    assert columns.unread == ["de"]
