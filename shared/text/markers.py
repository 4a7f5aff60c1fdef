"""Moods in brackets, as people write them into texts for voices: `(excited) They said yes!`

A marker stands at the start of a sentence or alone, and names a mood. It holds to the end of its
paragraph or to the next marker; one that is a paragraph of its own holds for the paragraph that
follows. Other brackets, `(Nobody did.)`, are text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from shared.emotions import EMOTIONS
from shared.text.tracked import Edit, Tracked

_MARKER = re.compile(r"[(（][ \t]{0,3}([^\W\d_][\w' ’-]{0,39})[ \t]{0,3}[)）]")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_ENDS = ".!?…。！？”’»」』\"'—–-¿¡:：)）"
"""After these, or at the start of a line, a sentence can start."""

_SYNONYMS = {
    "neutral": "neutrally flat plain neutre neutro neutrale нейтрально 平静 普通 담담하게",
    "happy": "happily glad gladly joyful joyfully glücklich fröhlich heureux heureuse joyeux "
    "feliz contento contenta felice радостно счастливо 开心 高兴 嬉しい 嬉しそうに 기쁘게",
    "cheerful": "cheerfully cheery bright brightly munter enjoué alegre allegro allegra бодро "
    "весело 欢快 陽気に 쾌활하게",
    "excited": "excitedly thrilled enthusiastic enthusiastically eager eagerly aufgeregt "
    "begeistert excité excitée emocionado emocionada entusiasta animado animada eccitato "
    "eccitata взволнованно восторженно 兴奋 激动 興奮して 흥분해서 신나서",
    "sad": "sadly sorrowful sorrowfully mournful traurig triste tristement tristemente грустно "
    "печально 悲伤 难过 悲しげに 悲しそうに 슬프게",
    "angry": "angrily furious furiously mad irate wütend zornig verärgert fâché fâchée furieux "
    "furieuse enojado enojada enfadado enfadada furioso furiosa arrabbiato arrabbiata zangado "
    "zangada сердито гневно зло 愤怒 生气 怒って 화나서",
    "fearful": "fearfully afraid scared frightened terrified nervous nervously ängstlich effrayé "
    "effrayée asustado asustada spaventato spaventata assustado assustada испуганно 害怕 恐惧 "
    "怯えて 겁에_질려",
    "surprised": "surprise astonished amazed shocked erstaunt überrascht surpris "
    "sorprendido sorprendida sorpreso sorpresa surpreso surpresa удивлённо удивленно 惊讶 吃惊 "
    "驚いて 놀라서",
    "disgusted": "disgustedly angewidert dégoûté dégoûtée asqueado asqueada disgustato disgustata "
    "com_nojo с_отвращением 厌恶 嫌悪 역겨워하며",
    "calm": "calmly gentle gently soothing ruhig calme calmement tranquilo tranquila calmo calma "
    "спокойно 平和 冷静 穏やかに 차분하게",
    "tender": "tenderly loving lovingly warmly zärtlich sanft tendre tendrement tierno tierna "
    "tenero tenera terno terna нежно ласково 温柔 優しく 다정하게",
    "whispering": "whisper whispers whispered in_a_whisper flüsternd flüstert chuchotant "
    "en_chuchotant susurrando sussurrando шёпотом шепотом 小声 低声 耳语 ささやいて 小声で "
    "속삭이며 속삭이듯",
    "serious": "seriously grave gravely solemn solemnly ernst sérieux sérieuse serio seria sério "
    "séria серьёзно серьезно 严肃 真剣に 진지하게",
    "confident": "confidently assured selbstbewusst confiant confiante seguro segura sicuro "
    "sicura confiante уверенно 自信 自信を持って 자신_있게",
    "sarcastic": "sarcastically ironic ironically dryly wry wryly sarkastisch sarcastique "
    "sarcástico sarcástica sarcastico sarcastica саркастично 讽刺 皮肉っぽく 빈정대며",
    "tired": "tiredly weary wearily exhausted müde fatigué fatiguée cansado cansada stanco stanca "
    "устало 疲惫 疲れて 지쳐서",
}
"""Words for the moods that `configs/emotions.yaml` has when it is left alone."""


@dataclass(frozen=True)
class Mood:
    """`source[start:end]` is spoken in a mood."""

    start: int
    end: int
    emotion: str


def mood_of(words: str) -> str | None:
    """The mood that a marker names, or None."""
    return _MOODS.get("_".join(words.lower().split()))


def take_out(text: Tracked) -> tuple[Tracked, list[Mood]]:
    """The text without its markers, and the moods that they set."""
    found = [*_markers(text.text)]
    gaps = [gap.span() for gap in _PARAGRAPH_END.finditer(text.text)]
    gaps.append((len(text.text), len(text.text)))
    moods: list[Mood] = []
    for n, (match, emotion) in enumerate(found):
        end = _end(text.text, match.end(), gaps)
        if n + 1 < len(found):
            end = min(end, found[n + 1][0].start())
        if end > match.end():
            moods.append(Mood(text.ends[match.end() - 1], text.ends[end - 1], emotion))
    return text.edited(Edit(*_taken(match, text.text)) for match, _ in found), moods


def _markers(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for match in _MARKER.finditer(text):
        emotion = mood_of(match[1])
        if emotion and _starts_sentence(text, match.start()):
            yield match, emotion


def _starts_sentence(text: str, start: int) -> bool:
    before = start - 1
    while before >= 0 and start - before <= _FAR and text[before].isspace():
        if text[before] == "\n":
            return True
        before -= 1
    return before < 0 or text[before] in _ENDS


_FAR = 200


def _end(text: str, place: int, gaps: list[tuple[int, int]]) -> int:
    """The end of the paragraph at `place`, or of the next if nothing more stands in it."""
    n = bisect_left(gaps, (place,))
    alone = n + 1 < len(gaps) and not text[place : gaps[n][0]].strip()
    return gaps[n + alone][0]


def _taken(match: re.Match[str], text: str) -> tuple[int, int]:
    """A marker and the blank after it."""
    end = match.end()
    return match.start(), end + (text[end : end + 1] in (" ", "\t"))


def _moods() -> dict[str, str]:
    """Each word for a mood that there is."""
    words = {word: mood for mood, said in _SYNONYMS.items() for word in said.split()}
    names = {"_".join(mood.name.lower().split()): mood.id for mood in EMOTIONS.values()}
    known = {word: mood for word, mood in words.items() if mood in EMOTIONS}
    return {**known, **names, **{mood: mood for mood in EMOTIONS}}


_MOODS = _moods()
