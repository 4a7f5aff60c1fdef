"""The benchmark of engines as a section of a page."""

from collections.abc import Iterable, Iterator, Sequence

from worker.engine.bench.report import Agreed, Document, Equal, Result, Speed

_SPEEDS = (
    "engine",
    "batch",
    "frames",
    "language model",
    "codec",
    "end to end",
    "× real time",
    "first audio",
    "prefill",
    "peak memory, MB",
)
_ENGINES = (
    "engine",
    "load, s",
    "greedy codes",
    "operations a frame",
    "operations a codec call",
    "kernels a frame",
)
_AGREEMENT = ("format", "frames", "talker top 1", "KL", "predictor top 1", "KL")
_UNKNOWN = "–"


def section(document: Document) -> str:
    """Where it was measured, then every figure; the first line says whether there was a GPU."""
    parts = [_headline(document), _where(document)]
    if document.results:
        parts += [_speeds(document.results), *_missing(document.results)]
        parts += [_engines(document.results)]
    if document.agreement:
        parts.append(_agreement(document.agreement))
    if document.endurance:
        parts.append(_endurance(document))
    if document.ratios:
        parts.append(_ratios(document))
    return "\n\n".join(parts)


def _headline(document: Document) -> str:
    weights = f"random weights in the layout of the {document.size} checkpoint"
    if document.machine.gpu:
        return f"Measured on {document.machine.gpu}, with {weights}."
    return f"No GPU has been measured: these are figures of a CPU, with {weights}."


def _where(document: Document) -> str:
    machine = document.machine
    versions = ", ".join(
        f"{name} {version or 'not installed'}" for name, version in document.versions.items()
    )
    return (
        f"{document.date}, {machine.processor}, {machine.cores} cores, {machine.threads} threads, "
        f"{machine.system}, Python {machine.python}, commit {document.commit}; {versions}; "
        f"`{document.command}`, medians of {document.rounds} rounds."
    )


def _speeds(results: Sequence[Result]) -> str:
    """Milliseconds, unless a heading says otherwise."""
    rows = [
        (result.contender.name, *_speed(speed)) for result in results for speed in result.speeds
    ]
    return (
        f"Milliseconds; those of a frame are of all rows of the batch.\n\n{_table(_SPEEDS, rows)}"
    )


def _speed(speed: Speed) -> Iterator[str]:
    yield str(speed.rows)
    yield str(speed.frames)
    for value in (speed.language_model_ms, speed.codec_ms, speed.total_ms):
        yield f"{value:.1f}"
    yield f"{speed.realtime:.2f}"
    yield f"{speed.first_audio_ms:,.0f}"
    yield f"{speed.prefill_ms:,.1f}"
    yield f"{speed.peak_bytes / 1e6:,.0f}" if speed.peak_bytes else _UNKNOWN


def _missing(results: Sequence[Result]) -> Iterator[str]:
    """What is not in the table, and why."""
    lines = [
        f"- {result.contender.name}: {reason}" for result in results for reason in _reasons(result)
    ]
    if lines:
        yield "Not measured:\n\n" + "\n".join(lines)


def _reasons(result: Result) -> Iterator[str]:
    if result.failure:
        yield result.failure
    if result.skipped:
        batches = ", ".join(map(str, result.skipped))
        yield f"batches of {batches}, for which no time was left (`--minutes`)."


def _engines(results: Sequence[Result]) -> str:
    rows: list[tuple[str, ...]] = []
    for result in results:
        if result.speeds:
            work = result.operations
            figures = (work.language_model, work.codec_call, work.kernels) if work else (None,) * 3
            load = result.load_seconds
            rows.append(
                (
                    result.contender.name,
                    _UNKNOWN if load is None else f"{load:.1f}",
                    _codes(result.equal),
                    *(_UNKNOWN if figure is None else f"{figure:,.0f}" for figure in figures),
                )
            )
    return _table(_ENGINES, rows)


def _codes(equal: Sequence[Equal]) -> str:
    """How they compare with those of the package in fp32, batch by batch."""
    if not equal:
        return _UNKNOWN
    same = [str(it.rows) for it in equal if it.first_difference is None]
    other = [
        f"batch {it.rows} from frame {it.first_difference}"
        for it in equal
        if it.first_difference is not None
    ]
    said = [f"identical in batches of {', '.join(same)}"] if same else []
    return "; ".join([*said, *(f"differ in {it}" for it in other)])


def _agreement(agreement: Sequence[Agreed]) -> str:
    rows = [
        (
            it.form,
            str(it.frames),
            f"{it.talker_top1:.1%}",
            f"{it.talker_divergence:.2g}",
            f"{it.predictor_top1:.1%}",
            f"{it.predictor_divergence:.2g}",
        )
        for it in agreement
    ]
    told = (
        "Agreement of our formats with our fp32 on the same codes (teacher forcing). Random "
        "weights hardly prefer one code to the next; how far trained ones agree was not measured."
    )
    return f"{told}\n\n{_table(_AGREEMENT, rows)}"


def _endurance(document: Document) -> str:
    assert document.endurance
    held = ", ".join(
        f"{nbytes / 1e6:,.1f} MB after {count:,}"
        for count, nbytes in zip(
            document.endurance.generations, document.endurance.nbytes, strict=True
        )
    )
    return f"Memory over many generations: {held}."


def _ratios(document: Document) -> str:
    """`met` is empty where nothing is wanted."""
    met = {True: "yes", False: "**no**", None: ""}
    rows = [(it.what, f"{it.value:.2f}", it.aim, met[it.met]) for it in document.ratios]
    return _table(("what", "value", "aim", "met"), rows)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown; all but the first column are set to the right."""
    marks = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, marks, *rows))
