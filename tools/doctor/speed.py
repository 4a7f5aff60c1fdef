"""How fast the number formats are here, which of them are taken, and what would be faster."""

from collections.abc import Iterator
from importlib.util import find_spec

from pydantic import BaseModel

from shared.settings import Settings
from shared.status import Finding
from tools.doctor.asking import Unanswered, answer
from worker.engine.precision import Card, Precision, choose
from worker.engine.timings import Format, Timings

LABELS = {"0.6B": "0b6", "1.7B": "1b7"}
"""What checkpoints call their sizes."""
RECOMMENDABLE = 1.3
"""How many times as fast a less exact format must be before it is recommended."""
SETTING: dict[Format, str] = {
    "fp16": "PRECISION=fp16",
    "bf16": "PRECISION=bf16",
    "int8": "QUANTIZATION=int8",
}
DISTURBED = "others computed meanwhile, so these times are not kept and decide nothing"
MEASURE = """
import dataclasses, json, sys
from shared.errors import SpeechError
from shared.settings import load
try:
    from worker.engine import device, measure
    settings = load()
    device.use_threads(settings.threads)
    place = device.resolve(settings.device)
    card = device.card(place)
    timings = measure.measured(place, card, settings.run_dir, anew="anew" in sys.argv)
    said = {"card": card and dataclasses.asdict(card), "timings": timings.model_dump()}
except SpeechError as error:
    said = {"trouble": error.message}
print(json.dumps(said))
"""


class Measured(BaseModel):
    """What was measured on a card, or on the CPU if there is none."""

    card: Card | None = None
    timings: Timings | None = None
    trouble: str = ""


def look(settings: Settings, *, anew: bool = False) -> Iterator[Finding]:
    """What there is to say of speed; nothing where torch is not installed."""
    if find_spec("torch") is None or find_spec("qwen_tts") is None:
        return
    try:
        said = Measured.model_validate(answer(MEASURE, *(["anew"] if anew else [])))
    except Unanswered as error:
        said = Measured(trouble=str(error))
    yield from judge(said, settings)


def judge(said: Measured, settings: Settings) -> Iterator[Finding]:
    """What the measured times mean for a person."""
    if said.timings is None:
        yield Finding("speed", "note", f"not measured: {said.trouble}")
        return
    for name in said.timings.formats:
        yield Finding("speed", "good", _row(said.timings, name))
    if said.timings.disturbed:
        yield Finding("speed", "note", DISTURBED, "`qtts doctor --measure` when nothing else runs.")
    card = said.card and said.card.within(settings.vram_budget_gb)
    for size, label in LABELS.items():
        chosen = _choose(settings, card, label, said.timings)
        due = size == settings.model_size
        advice = _advice(settings, card, chosen, said.timings) if due else ""
        yield Finding("precision", "good", f"{size}: {chosen.name}. {chosen.reason}", advice)


def _row(timings: Timings, name: Format) -> str:
    """One format in the table of measured times."""
    (first, time), *others = sorted(timings.microseconds[name].items())
    listed = ", ".join(f"{time:.0f} for {rows}" for rows, time in others)
    gain = timings.speedup(name)
    compared = f" ({gain:.1f} times fp32)" if gain and name != "fp32" else ""
    best = timings.fastest_batch(name)
    batch = f"; {best} rows take hardly longer than one" if best > 1 else ""
    return f"{name}: {time:.0f} µs for {first} row{compared}, {listed}{batch}"


def _choose(settings: Settings, card: Card | None, label: str, timings: Timings) -> Precision:
    return choose(
        settings.precision,
        card,
        label,
        protected=settings.engine != "stock",
        quantization=settings.quantization,
        timings=timings,
    )


def _advice(settings: Settings, card: Card | None, chosen: Precision, timings: Timings) -> str:
    """What to set to go faster; empty where nothing would be."""
    if card is None:
        return _faster(timings, chosen.talker)
    label = LABELS[settings.model_size]
    automatic = choose("auto", card, label, timings=timings)
    gain = timings.speedup(automatic.talker, over=chosen.talker)
    if gain and gain >= RECOMMENDABLE:
        return f"`PRECISION=auto` takes {automatic.name} here, {gain:.1f} times as fast."
    if chosen.batch_limit == 1 and card.fits_fp32(label):
        return (
            "For long texts, `PRECISION=fp32` may be faster: it speaks several sentences at once."
        )
    return ""


def _faster(timings: Timings, now: Format) -> str:
    """The format to change to; a less exact one only where it is much faster than a more exact."""
    best = now
    for name in timings.formats[timings.formats.index(now) + 1 :]:
        gain = timings.speedup(name, over=best)
        if gain and gain >= RECOMMENDABLE:
            best = name
    gain = timings.speedup(best, over=now)
    if best == now or gain is None:
        return ""
    return (
        f"`{SETTING[best]}` is {gain:.1f} times as fast as {now} here, and less exact: "
        "docs/benchmarks.md says how much."
    )
