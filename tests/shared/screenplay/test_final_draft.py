import pytest

from shared.errors import UnreadableDocument
from shared.screenplay import final_draft
from tests.shared.screenplay.written import brief

FDX = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<FinalDraft DocumentType="Script" Version="5">
<Content>
<Paragraph Number="1" Type="Scene Heading"><Text>INT. DOME - NIGHT</Text></Paragraph>
<Paragraph Type="Action"><Text>Dust. </Text><Text Style="Italic">Much</Text><Text> dust.</Text>
</Paragraph>
<Paragraph Type="Character"><Text>\u00c9LODIE (O.S.)</Text></Paragraph>
<Paragraph Type="Parenthetical"><Text>(softly)</Text></Paragraph>
<Paragraph Type="Dialogue"><ScriptNote><Paragraph><Text>Why?</Text></Paragraph></ScriptNote>
<Text>Who is there?</Text></Paragraph>
<Paragraph><DualDialogue>
<Paragraph Type="Character"><Text>ANN</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Me.</Text></Paragraph>
<Paragraph Type="Character"><Text>BOB</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Me!</Text></Paragraph>
</DualDialogue></Paragraph>
<Paragraph Type="Transition"><Text>CUT TO:</Text></Paragraph>
</Content>
<TitlePage><Content><Paragraph><Text>The Dome</Text></Paragraph></Content></TitlePage>
</FinalDraft>"""


def test_a_script():
    script = final_draft.read(FDX.encode())
    assert script.title == "The Dome"
    assert brief(script) == [
        "= INT. DOME - NIGHT",
        "! Dust. Much dust.",
        "\u00c9LODIE: (softly) Who is there?",
        "- Why?",
        "ANN: Me.",
        "BOB ^: Me!",
        "- CUT TO:",
        "- The Dome",
    ]
    assert [speech.cue.line for speech in script.speeches] == [7, 12, 14]


BOMB = """<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>
<FinalDraft><Content><Paragraph><Text>&c;</Text></Paragraph></Content></FinalDraft>"""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FDX[:300], "Line 6 of the FDX file: "),
        (BOMB, "declares entities"),
        ("<FinalDraft>" + "<a>" * 200, "more than 100 elements"),
        ("<Other/>", "no Final Draft script"),
        ("", "Line 1 of the FDX file: "),
    ],
)
def test_what_is_not_read(data: str, message: str):
    with pytest.raises(UnreadableDocument, match=message):
        final_draft.read(data.encode())
