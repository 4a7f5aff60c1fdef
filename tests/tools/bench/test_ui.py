"""What is told of pages in a browser; how quick they are, is not tested."""

from tools.bench import ui
from tools.bench.ui import Visited


def test_a_page_s_median_and_its_slowest_visit_are_told_for_both_caches():
    told = ui.table([Visited("Speak", [300, 900, 400], [200, 100, 150])], {"a press": [20, 10, 60]})

    assert "| Speak | 400 | 900 | 150 | 200 | < 1,000 |" in told
    assert "| a press | 20 | 60 | < 1,000 |" in told


def test_every_page_of_the_menu_is_visited():
    paths = [path for path, _ in ui.pages()]

    assert {"", "narration", "codec-encode", "codec-decode", "outputs", "system"} <= {*paths}
    assert len(paths) == len(set(paths))
