"""What faster formats of our engine cost in agreement with fp32, on codes that fp32 drew."""

from collections.abc import Iterator

import torch

from worker.engine import manifest
from worker.engine.bench.job import Job
from worker.engine.bench.ours import Ours
from worker.engine.bench.report import Agreed, Form
from worker.engine.bench.take import LANGUAGE, SPEAKER, TEXTS, Order
from worker.engine.processor import processor
from worker.engine.qwen3.agreement import Codes, Scores, compare, scores
from worker.engine.qwen3.language_model import Formats
from worker.engine.qwen3.loading import Folder
from worker.engine.qwen3.prompt import Prompt, build
from worker.engine.qwen3.tokens import Tokens

OTHERS: dict[str, tuple[Form, ...]] = {"cpu": ("bf16", "int8"), "cuda": ("bf16", "fp16")}
"""Formats by kind of device, besides fp32."""


def measure(job: Job) -> Iterator[Agreed]:
    """Each format in turn, so that two are never in memory at once."""
    sentences = list(zip(_prompts(job), _drawn(job), strict=True))
    exact = _scored(job, "fp32", sentences)
    for form in OTHERS[torch.device(job.device).type]:
        found = compare(exact, _scored(job, form, sentences))
        yield Agreed(
            form=form,
            frames=found.frames,
            talker_top1=found.talker.top1,
            predictor_top1=found.predictor.top1,
            talker_divergence=found.talker.divergence,
            predictor_divergence=found.predictor.divergence,
        )


def _drawn(job: Job) -> list[Codes]:
    """What fp32 says, drawn as the model is meant to be."""
    ours = Ours(job.folder, job.contender, job.device, job.threads, len(TEXTS))
    codes = ours.speak(Order(len(TEXTS), job.chunks)).codes
    ours.unload()
    return codes


def _prompts(job: Job) -> list[Prompt]:
    found = manifest.read("benchmark", job.folder)
    tokens = Tokens(processor(found).tokenizer)
    dimensions = Folder(found, torch.device(job.device)).dimensions()
    return [
        build(dimensions, tokens.role, tokens.text(text), language=LANGUAGE, speaker=SPEAKER)
        for text in TEXTS
    ]


def _scored(job: Job, form: Form, sentences: list[tuple[Prompt, Codes]]) -> list[Scores]:
    found = manifest.read("benchmark", job.folder)
    folder = Folder(found, torch.device(job.device))
    with torch.inference_mode():
        model = folder.language_model(folder.dimensions(), Formats(form, form), lambda _: None)
        return [scores(model, prompt, codes) for prompt, codes in sentences]
