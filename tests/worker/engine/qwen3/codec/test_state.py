import torch

from tests.worker.engine.qwen3.codec.conftest import Made
from tests.worker.engine.qwen3.codec.hearing import apart, drawn, streamed

exactly = 1e-12
FORMAT = torch.float64


def test_a_reset_row_begins_anew_and_its_neighbours_go_on(decoder: Made):
    ours, codes = decoder(FORMAT), drawn(2, 90)
    state = ours.state(2)
    before = streamed(ours, codes[..., :40], [40], state)
    state.reset([1])
    after = streamed(ours, codes[..., 40:], [5], state)
    assert apart(torch.cat([before, after], 1)[:1], streamed(ours, codes[:1], [90])) < exactly
    assert apart(after[1:], streamed(ours, codes[1:, :, 40:], [50])) < exactly


def test_a_prefix_shares_memory_with_its_state(decoder: Made):
    ours, codes = decoder(FORMAT), drawn(3, 60)
    state = ours.state(3)
    first = streamed(ours, codes[..., :20], [20], state)
    second = streamed(ours, codes[:2, :, 20:40], [3], state.prefix(2))
    assert state.heard.tolist() == [40, 40, 20]
    third = streamed(ours, codes[:2, :, 40:], [20], state.prefix(2))
    sound = torch.cat([first[:2], second, third], 1)
    assert apart(sound, streamed(ours, codes[:2], [60])) < exactly


def test_a_copied_row_goes_on_as_its_source(decoder: Made):
    ours, codes = decoder(FORMAT), drawn(1, 50)
    state = ours.state(3)
    streamed(ours, codes[..., :30], [30], state.prefix(1))
    state.copy_row(0, 2)
    rest = streamed(ours, codes[..., 30:].expand(3, -1, -1), [4], state)
    assert apart(rest[2:], rest[:1]) < exactly
    assert apart(rest[:1], streamed(ours, codes, [50])[:, 30 * 1920 :]) < exactly


def test_a_state_warmed_by_a_reference_goes_on_exactly(decoder: Made):
    """What a cloned voice needs: its reference is decoded once, not before every utterance."""
    ours, reference, speech = decoder(FORMAT), drawn(1, 75, seed=1), drawn(1, 40)
    warm = ours.state(1)
    ours.decode(reference, warm)
    saved = warm.save_row(0)
    warm.reset([0])
    state = ours.state(3)
    streamed(ours, drawn(3, 10, seed=2), [10], state)
    state.load_row(1, saved)
    sound = streamed(ours, speech.expand(3, -1, -1), [1, 2, 4], state)
    whole = streamed(ours, torch.cat([reference, speech], 2), [115])
    assert apart(sound[1:2], whole[:, 75 * 1920 :]) < exactly


def test_a_saved_row_is_not_changed_by_what_follows(decoder: Made):
    ours = decoder(FORMAT)
    state = ours.state(1)
    ours.decode(drawn(1, 20), state)
    saved = state.save_row(0)
    ours.decode(drawn(1, 20, seed=1), state)
    assert saved.heard.item() == 20
    again = ours.state(1)
    again.load_row(0, saved)
    fresh = ours.state(1)
    ours.decode(drawn(1, 20), fresh)
    assert all(torch.equal(a, b) for a, b in zip(again.pasts, fresh.pasts, strict=True))


def test_bytes_count_rows(decoder: Made):
    ours = decoder(FORMAT)
    assert ours.state(8).nbytes == 8 * ours.state(1).nbytes
