"""The preview engine keeps the engine protocol."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import yaml

from shared.audio.pcm import SAMPLE_RATE
from shared.errors import InvalidRequest, NothingToSay, RecordDamaged, UnreadableAudio
from shared.languages import CODES
from shared.speakers import SPEAKERS
from tests.worker.engine.speech import recording
from worker.engine.preview import voices
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.protocol import Engine, Frames, Utterance
from worker.engine.reference import Reference

ROOT = Path(__file__).parents[4]
SENTENCES: dict[str, str] = yaml.safe_load(
    (ROOT / "tests/data/sentences.yaml").read_text(encoding="utf-8")
)
LONG = "The sea was calm, and the lamp turned. " * 60


def row(text: str, **fields: Any) -> Utterance:
    asked: dict[str, Any] = {"language": "english", "speaker": "ryan", **fields}
    return Utterance(text=text, seed=0, **asked)


def reference() -> Reference:
    return Reference(recording())


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def unwatched() -> None:
    """A watch that lets everything pass."""


@pytest.fixture
def frames(model: PreviewModel) -> Iterator[Iterator[Frames]]:
    """A long performance that has begun nothing yet."""
    with closing(model.generate([row(LONG, max_seconds=600)], unwatched)) as performance:
        yield performance


def test_it_is_an_engine_that_needs_no_checkpoint():
    engine: Engine = PreviewEngine()
    assert not engine.needs_checkpoint


def test_it_says_that_it_is_a_preview_and_of_which_espeak():
    description = PreviewEngine().describe()
    assert (description.name, description.preview) == ("preview", True)
    assert description.version.startswith("espeak-ng 1.")


def test_its_model_offers_all_nine_speakers(model: PreviewModel):
    assert set(model.speakers) == set(SPEAKERS)
    assert model.revision[0].isdigit()


@pytest.mark.parametrize("language", CODES)
def test_every_language_sounds(language: str, speak: Any):
    audio = speak(SENTENCES[language], language)
    assert audio.dtype == np.float32
    assert 2 < audio.size / SAMPLE_RATE < 30
    assert np.sqrt(np.mean(audio**2)) > 0.02


def test_languages_differ(speak: Any):
    spoken = {speak("Paris, 17.", language).tobytes() for language in CODES}
    assert len(spoken) == len(CODES)


def test_auto_speaks_as_the_script_tells(speak: Any):
    for language in ("chinese", "japanese", "korean", "russian"):
        text = SENTENCES[language]
        assert np.array_equal(speak(text, "auto"), speak(text, language))


def test_the_same_utterance_makes_the_same_bytes(speak: Any):
    assert len({speak().tobytes() for _ in range(5)}) == 1


def test_no_voice_depends_on_the_time_of_day(speak: Any):
    def each() -> list[bytes]:
        return [speak("Breath is noise.", speaker=speaker).tobytes() for speaker in SPEAKERS]

    before = each()
    # The library's own seed is the clock, in seconds.
    time.sleep(1 - time.time() % 1)
    assert each() == before


def test_a_row_sounds_the_same_in_any_company(model: PreviewModel, speak: Any):
    text = "Alone or not, it is the same."
    batch = [row("Someone else speaks first."), row(text)]
    frames = [f for f in model.generate(batch, unwatched) if f.row == 1]
    assert np.array_equal(np.concatenate([f.audio for f in frames]), speak(text))


def test_rows_come_one_after_the_other_and_each_ends_once(model: PreviewModel):
    frames = list(model.generate([row("One."), row("Two."), row("Three.")], unwatched))
    assert [f.row for f in frames] == sorted(f.row for f in frames)
    ends = [(f.row, f.finish_reason) for f in frames if f.finish_reason]
    assert ends == [(0, "stop"), (1, "stop"), (2, "stop")]


def test_the_nine_speakers_differ_pairwise(speak: Any):
    voices = {speaker: speak(speaker=speaker) for speaker in SPEAKERS}
    for one, other in itertools.combinations(voices.values(), 2):
        assert not np.array_equal(one, other)


def test_the_nine_speakers_differ_when_they_whisper(speak: Any):
    whispers = {speak(speaker=speaker, instruct="whisper").tobytes() for speaker in SPEAKERS}
    assert len(whispers) == len(SPEAKERS)


def test_speech_streams_while_the_child_still_speaks(frames: Iterator[Frames]):
    before = children()
    first = next(frames)
    assert 0 < first.audio.size < SAMPLE_RATE
    assert children() - before
    assert sum(1 for _ in frames) > 100
    assert children() == before


def test_closing_the_performance_ends_the_child(model: PreviewModel):
    before = children()
    performance = model.generate([row(LONG)], unwatched)
    next(performance)
    assert children() - before
    performance.close()
    assert children() == before


@pytest.mark.parametrize("looks", [1, 2, 5])
def test_a_watch_that_raises_ends_the_child(model: PreviewModel, looks: int):
    before, calls = children(), itertools.count(1)

    def watch() -> None:
        if next(calls) == looks:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(model.generate([row(LONG)], watch))
    assert children() == before


def test_speech_beyond_the_bound_is_cut(perform: Any):
    frames = perform(LONG, max_seconds=0.5)
    assert frames[-1].finish_reason == "length"
    assert sum(f.audio.size for f in frames) == pytest.approx(0.5 * 8 * SAMPLE_RATE, rel=0.01)


def test_pace_holds_speech_back_to_real_time_and_keeps_watching():
    paced = PreviewEngine(pace=1).load("preview", None, lambda _: None)
    looks: list[float] = []
    begun = time.monotonic()
    frames = list(paced.generate([row("One, two.")], lambda: looks.append(time.monotonic())))
    seconds = sum(f.audio.size for f in frames) / SAMPLE_RATE
    assert time.monotonic() - begun >= 0.98 * seconds
    assert len(looks) > seconds / 0.1


def test_pace_changes_no_sample(speak: Any):
    paced = PreviewEngine(pace=0.5).load("preview", None, lambda _: None)
    audio = np.concatenate([f.audio for f in paced.generate([row("Hello.")], unwatched)])
    assert np.array_equal(audio, speak("Hello."))


@pytest.mark.parametrize("text", ["", "   ", "..."])
def test_nothing_to_say_ends_at_once(text: str, perform: Any):
    frames = perform(text)
    assert frames[-1].finish_reason == "stop"
    assert sum(f.audio.size for f in frames) < 0.1 * SAMPLE_RATE


PARENT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from worker.engine.preview.engine import PreviewEngine
from worker.engine.protocol import Utterance
model = PreviewEngine(pace=1).load("preview", None, print)
utterance = Utterance(text={LONG!r}, language="english", seed=0, speaker="ryan", max_seconds=600)
for frames in model.generate([utterance], lambda: None):
    print("spoken", flush=True)
"""


def gone(process: psutil.Process) -> bool:
    """Ended, even if nobody has collected its status yet."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_killed_parent_takes_its_child_along():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout
    assert parent.stdout.readline() == b"spoken\n"
    (child,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.communicate()
    patience = time.monotonic() + 10
    while not gone(child) and time.monotonic() < patience:
        time.sleep(0.01)
    assert gone(child)


def test_the_library_never_enters_the_process():
    script = PARENT.replace(LONG, "Hello.") + (
        "\nassert 'espeakng_loader' not in sys.modules and 'torch' not in sys.modules"
        "\nimport psutil; maps = [m.path for m in psutil.Process().memory_maps()]"
        "\nassert maps and not any('espeak' in path for path in maps)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


# --- voices and codes ------------------------------------------------------------------------


def test_it_does_what_every_kind_of_checkpoint_does(model: PreviewModel):
    assert (model.kind, model.codec) == (None, "preview")


def test_equal_recordings_have_the_same_stand_in_with_and_without_words(model: PreviewModel):
    whole, alone = model.prompt(Reference(recording(), "Hello.")), model.prompt(reference())
    assert (whole.mode, alone.mode) == ("in_context", "speaker_only")
    assert whole.digest == alone.digest
    assert whole.alone() == alone
    assert model.prompt(Reference(recording(seed=1))).digest != alone.digest


@pytest.mark.parametrize("words", ["", " \n"])
def test_a_transcript_without_words_is_refused(model: PreviewModel, words: str):
    with pytest.raises(NothingToSay):
        model.prompt(Reference(recording(), words))


def test_codes_of_another_recording_are_refused(model: PreviewModel):
    with pytest.raises(InvalidRequest):
        model.prompt(Reference(recording(), "Hello.", np.zeros((9, 16), np.uint16)))


def test_a_stand_in_speaks_for_a_recording_and_says_so(model: PreviewModel, perform: Any):
    frames = perform("Hello.", speaker=None, prompt=model.prompt(reference()))
    assert voices.STAND_IN_CLONED in frames[0].notes
    assert sum(f.audio.size for f in frames) > 0.2 * SAMPLE_RATE


def test_stand_ins_are_not_kept(model: PreviewModel):
    assert model.prompt(reference()).dumps() == b""
    with pytest.raises(RecordDamaged, match="old sailor"):
        model.open_prompt(b"", "old sailor")


def test_a_mix_has_a_stand_in_of_its_own(model: PreviewModel):
    one, other = (model.prompt(Reference(recording(seed=seed))) for seed in (0, 1))
    mixed = model.mix([one, other], [1, 3])
    assert mixed.mode == "speaker_only"
    assert mixed == model.mix([other, one], [6, 2])
    digests = {one.digest, other.digest, mixed.digest, model.mix([one, other], [1, 1]).digest}
    assert len(digests) == 4
    with pytest.raises(InvalidRequest):
        model.mix([one, other], [1])


def test_it_cannot_hear_who_speaks(model: PreviewModel):
    assert model.likeness(model.prompt(reference()), recording()) is None


def test_sound_becomes_codes_and_codes_become_sound(model: PreviewModel):
    codes = model.encode(recording(), unwatched)
    assert sum(len(piece) for piece in model.decode(codes, unwatched)) == 38 * 1920
    with pytest.raises(UnreadableAudio):
        model.encode(np.zeros(0, np.float32), unwatched)
    with pytest.raises(InvalidRequest):
        list(model.decode(np.full((3, 16), 2048, np.uint16), unwatched))
