"""A benchmark's document with round figures."""

from typing import Any

from worker.engine.bench.comparison import ratios
from worker.engine.bench.report import (
    Agreed,
    Contender,
    Document,
    Endurance,
    Equal,
    Machine,
    Operations,
    Result,
    Speed,
)


def speed(rows: int = 1, total: float = 100.0, **fields: Any) -> Speed:
    figures: dict[str, Any] = {
        "language_model_ms": 0.8 * total,
        "codec_ms": 0.2 * total,
        "prefill_ms": 50.0,
        "first_audio_ms": 250.0,
        "frames_before_sound": 2,
        "peak_bytes": 10**9,
        **fields,
    }
    return Speed(rows=rows, frames=25, total_ms=total, **figures)


def result(engine: str, form: str, *speeds: Speed, graphs: bool = False, **fields: Any) -> Result:
    contender = Contender.model_validate({"engine": engine, "form": form, "graphs": graphs})
    return Result(contender=contender, load_seconds=2.5, speeds=speeds, **fields)


def document(gpu: str = "", **fields: Any) -> Document:
    """The package needs 300 and 200 milliseconds a frame, ours 250, 100 and 75."""
    results = (
        result("package", "fp32", speed(total=300.0), skipped=(8,)),
        result("package", "bf16", speed(total=200.0)),
        result(
            "ours",
            "fp32",
            speed(total=250.0),
            speed(8, 400.0),
            equal=(Equal(rows=1, frames=25), Equal(rows=8, frames=3)),
            operations=Operations(language_model=1245.0, codec_call=343.0),
        ),
        result(
            "ours",
            "bf16",
            speed(total=100.0),
            equal=(Equal(rows=1, frames=25, first_difference=7),),
        ),
        result("ours", "int8", speed(total=75.0)),
        result("faster", "bf16", failure="It is not installed."),
    )
    agreed = Agreed(
        form="int8",
        frames=98,
        talker_top1=0.98,
        predictor_top1=0.95,
        talker_divergence=6e-4,
        predictor_divergence=5e-4,
    )
    told: dict[str, Any] = {
        "date": "2026-01-02",
        "commit": "abc1234",
        "command": "make bench-engine SIZE=tiny",
        "machine": Machine(
            processor="A processor", cores=2, threads=2, system="Linux", python="3.11.7", gpu=gpu
        ),
        "versions": {"torch": "2.13.0", "faster-qwen3-tts": ""},
        "size": "tiny",
        "rounds": 3,
        "minutes": 8.0,
        "results": results,
        "agreement": (agreed,),
        "endurance": Endurance(generations=(200, 1000), nbytes=(10**9, 1_005_000_000)),
        **fields,
    }
    made = Document(**told)
    return made.model_copy(update={"ratios": ratios(made)})
