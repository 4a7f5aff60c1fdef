"""How to speak, read from words: `instruct` and descriptions become rate, pitch and whisper."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """A change to a voice; changes add up."""

    pitch: int = 0
    """Added to the voice's, on espeak-ng's scale of 0 to 99."""
    range: int = 0
    """Liveliness: added to the middle of the scale, 50."""
    rate: float = 1.0
    """Times the voice's words per minute."""
    volume: float = 1.0
    """Times the ordinary volume."""
    whisper: bool = False

    def __add__(self, other: "Manner") -> "Manner":
        return Manner(
            pitch=self.pitch + other.pitch,
            range=self.range + other.range,
            rate=self.rate * other.rate,
            volume=self.volume * other.volume,
            whisper=self.whisper or other.whisper,
        )


PLAIN = Manner()

TABLE: dict[tuple[str, ...], Manner] = {
    ("whisper", "hushed", "耳语", "低语", "悄悄", "气声"): Manner(whisper=True, volume=0.8),
    ("quiet", "soft", "murmur", "gentl", "轻声", "小声", "轻柔", "温柔"): Manner(volume=0.5),
    ("loud", "shout", "yell", "scream", "大声", "喊", "吼"): Manner(pitch=12, range=15, volume=1.4),
    ("slow", "unhurried", "drawl", "慢", "缓"): Manner(rate=0.7),
    ("fast", "quick", "rapid", "hurr", "rush", "快速", "飞快", "很快", "语速快", "加快", "急"): (
        Manner(rate=1.4)
    ),
    ("deep", "low", "低沉", "深沉", "浑厚", "低音"): Manner(pitch=-25),
    ("high", "shrill", "squeak", "尖", "高音", "高亢"): Manner(pitch=25),
    ("excit", "enthus", "energetic", "thrill", "兴奋", "激动", "热情"): Manner(
        pitch=12, range=30, rate=1.15
    ),
    ("happy", "happi", "cheer", "joy", "delight", "开心", "高兴", "快乐", "欢快", "愉快"): Manner(
        pitch=10, range=20, rate=1.05
    ),
    ("sad", "sorrow", "griev", "mourn", "melanchol", "tear", "悲", "伤心", "难过", "忧"): Manner(
        pitch=-10, range=-25, rate=0.8, volume=0.8
    ),
    ("angry", "angri", "anger", "furious", "rage", "愤怒", "生气", "怒"): Manner(
        pitch=-5, range=30, rate=1.1, volume=1.4
    ),
    ("afraid", "fear", "scared", "terrified", "nervous", "anxious", "害怕", "恐惧", "紧张"): (
        Manner(pitch=18, range=10, rate=1.15)
    ),
    ("calm", "relax", "sooth", "serene", "平静", "冷静", "舒缓", "沉稳"): Manner(
        range=-20, rate=0.9
    ),
    ("monoton", "flat", "robot", "bored", "tired", "平淡", "机械", "疲惫"): Manner(range=-50),
    ("young", "child", "年轻", "孩子", "稚嫩", "童声"): Manner(pitch=15),
    ("old", "elder", "aged", "苍老", "年老", "老人"): Manner(pitch=-12, rate=0.9),
}
"""Stems of words, English and Chinese, and what they change. A stem counts at the start of a word;
each row counts once. What is not listed is not understood."""

NOT_UNDERSTOOD = (
    "The preview engine understood no word of the instruction; it follows words such as whisper, "
    "slow, fast, deep, high, excited, sad, angry, calm or shout."
)


def _pattern(stems: Iterable[str]) -> re.Pattern[str]:
    """ASCII stems begin a word; Chinese is written without spaces, so its words count anywhere."""
    return re.compile("|".join(rf"\b{stem}" if stem.isascii() else stem for stem in stems))


_ROWS = [(_pattern(stems), change) for stems, change in TABLE.items()]


def read(words: str) -> Manner:
    """The sum of all rows of the table that `words` touches; PLAIN where it touches none."""
    found = words.lower()
    return sum((change for pattern, change in _ROWS if pattern.search(found)), PLAIN)
