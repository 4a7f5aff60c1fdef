"""The figures that follow from others: equality of codes, ratios, and what is wanted of them."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from worker.engine.bench.report import Contender, Document, Equal, Form, Ratio
from worker.engine.qwen3.agreement import first_difference

REFERENCE = Contender(engine="package", form="fp32")
"""Whose codes are right."""
_BATCHED = {False: (8, 4.0), True: (32, 12.0)}
"""By whether there is a GPU: a batch, and how many times the sound of one row it should make."""

Codes = Mapping[int, Sequence[Sequence[Sequence[int]]]]
"""By batch: [rows][frames][16]."""


def equal(codes: Codes, right: Codes) -> tuple[Equal, ...]:
    """A contender's greedy codes against the right ones, for every batch that both spoke."""
    return tuple(
        _equal(rows, codes[rows], right[rows])
        for rows in sorted(set(codes) & set(right))
        if codes[rows]
    )


def ratios(document: Document) -> tuple[Ratio, ...]:
    """All that follows from the other figures of a document."""
    found = [*_same(document), *_solo(document), *_batched(document), *_first(document)]
    if document.endurance:
        growth = document.endurance.growth
        found.append(_at_most("growth of memory, %", 100 * growth, 1.0))
    return tuple(found)


def _equal(
    rows: int, codes: Sequence[Sequence[Sequence[int]]], right: Sequence[Sequence[Sequence[int]]]
) -> Equal:
    pairs = [(np.array(a), np.array(b)) for a, b in zip(codes, right, strict=True)]
    differences = [first_difference(a, b) for a, b in pairs]
    frames = min(min(len(a), len(b)) for a, b in pairs)
    return Equal(
        rows=rows,
        frames=frames,
        first_difference=min((it for it in differences if it is not None), default=None),
    )


def _same(document: Document) -> Iterator[Ratio]:
    """Whether ours in fp32 says what the package does."""
    for result in document.results:
        contender = result.contender
        if (contender.engine, contender.form) == ("ours", "fp32") and result.equal:
            frames = sum(it.frames for it in result.equal)
            same = sum(
                it.frames if it.first_difference is None else it.first_difference
                for it in result.equal
            )
            what = f"{contender.name}, share of greedy frames as in {REFERENCE.name}"
            yield _at_least(what, same / frames, 1.0)


def _solo(document: Document) -> Iterator[Ratio]:
    """One row, whole calls: ours against the package in the same format, and against its best."""
    gpu = bool(document.machine.gpu)
    aims: dict[Form, float] = {"fp32": 1.0, "bf16": 1.15} if not gpu else {}
    theirs = _times(document, "package")
    ours = _times(document, "ours")
    for form, time in theirs.items():
        if form in ours:
            what = f"ours {form} against qwen-tts {form}"
            yield _at_least(what, time / ours[form], aims.get(form))
    best = min(theirs.values(), default=None)
    for form, time in ours.items():
        if best is not None and (gpu or form == "int8"):
            aim = 15.0 if gpu else 2.0
            yield _at_least(f"ours {form} against the fastest qwen-tts", best / time, aim)
    faster = _times(document, "faster")
    if faster and ours:
        value = min(faster.values()) / min(ours.values())
        yield _at_least("ours against faster-qwen3-tts", value, 2.0)
    if "int8" in ours:
        yield _at_most("milliseconds of a frame, ours int8", ours["int8"], 80.0)


def _times(document: Document, engine: str) -> dict[Form, float]:
    """Milliseconds of a frame of one row, by format; the faster where graphs are on and off."""
    times: dict[Form, float] = {}
    for result in document.results:
        speed = result.speed(1)
        if result.contender.engine == engine and speed:
            form = result.contender.form
            times[form] = min(speed.total_ms, times.get(form, speed.total_ms))
    return times


def _batched(document: Document) -> Iterator[Ratio]:
    rows, aim = _BATCHED[bool(document.machine.gpu)]
    for result in document.results:
        one, many = result.speed(1), result.speed(rows)
        if result.contender.engine != "ours" or not (one and many):
            continue
        name = f"{result.contender.name}, batch {rows} against 1"
        parts = rows * one.language_model_ms / many.language_model_ms
        whole = rows * one.total_ms / many.total_ms
        gpu = bool(document.machine.gpu)
        yield _at_least(f"{name}, language model", parts, None if gpu else aim)
        yield _at_least(f"{name}, end to end", whole, aim if gpu else None)


def _first(document: Document) -> Iterator[Ratio]:
    """How soon there is something to hear."""
    for result in document.results:
        speed = result.speed(1)
        if result.contender.engine != "ours" or not speed:
            continue
        name = result.contender.name
        if document.machine.gpu:
            yield _at_most(f"{name}, milliseconds to two frames", speed.first_audio_ms, 20.0)
        elif speed.frames_before_sound is not None:
            count = float(speed.frames_before_sound)
            yield _at_most(f"{name}, frames computed before the first two are heard", count, 2.0)


def _at_least(what: str, value: float, aim: float | None) -> Ratio:
    if aim is None:
        return Ratio(what=what, value=value)
    return Ratio(what=what, value=value, aim=f"≥ {aim:g}", met=value >= aim)


def _at_most(what: str, value: float, aim: float) -> Ratio:
    return Ratio(what=what, value=value, aim=f"≤ {aim:g}", met=value <= aim)
