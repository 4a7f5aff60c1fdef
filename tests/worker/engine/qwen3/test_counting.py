"""How much of a text the talker reads, as OpenAI's clients are told it."""

from tests.worker.engine.qwen3.conftest import Ours
from tests.worker.engine.qwen3.hearing import lines
from tests.worker.engine.speech import carry_on


def test_the_end_of_a_row_tells_its_tokens(ours: Ours):
    model = ours(attempts=2)
    batch = lines(2, instruct="Slowly.")
    told = {part.row: part.tokens for part in model.generate(batch, carry_on) if part.finish_reason}
    tokens = model._parts.tokens
    assert told == {
        row: len(tokens.text(it.text)) + len(tokens.instruct(it.instruct))
        for row, it in enumerate(batch)
    }


def test_nothing_is_told_before_it(ours: Ours):
    parts = list(ours(attempts=2).generate(lines(1), carry_on))
    assert all(part.tokens == 0 for part in parts if not part.finish_reason)
