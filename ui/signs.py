"""Drawings of the menu: strokes on a square of 24, in the colour of the words beside them."""

from ui.markup import Html, element

_STROKES = {
    "custom_voice": "M4 10v4M8 6v12M12 3v18M16 7v10M20 10v4",
    "voice_design": "M12 3l2.2 6.3L21 12l-6.8 2.7L12 21l-2.2-6.3L3 12l6.8-2.7z",
    "voice_clone": "M9 9h11v11H9zM15 9V4H4v11h5",
    "design_then_clone": "M8 3l1.5 4L14 8.5 9.5 10 8 14l-1.5-4L2 8.5 6.5 7zM13 14h8v7h-8z",
    "narration": "M4 5c3-1 6-1 8 1 2-2 5-2 8-1v14c-3-1-6-1-8 1-2-2-5-2-8-1zM12 6v14",
    "script": "M4 5h10v8H8l-4 3zM18 9h2v9l-3-2h-6v-1",
    "npc_pack": "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
    "subtitles": "M3 5h18v14H3zM6 12h5M14 12h4M6 15.5h9",
    "voices": (
        "M9 11a4 4 0 100-8 4 4 0 000 8zM2 21a7 7 0 0114 0"
        "M17 5a5 5 0 010 7M19.5 2.5a8.5 8.5 0 010 12"
    ),
    "outputs": "M3 7h6l2 2h10v11H3zM10 12.5v5l4-2.5z",
    "emotions": "M12 21a9 9 0 100-18 9 9 0 000 18zM8 14c1 2 2.5 3 4 3s3-1 4-3M9 9.5v.5M15 9.5v.5",
    "queue": "M4 6h16M4 12h16M4 18h10",
    "system": "M3 4h18v6H3zM3 14h18v6H3zM7 7h.5M7 17h.5",
    "codec": "M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14",
}
_USUAL = "M6 4l14 8-14 8z"
"""Of a page that has no drawing of its own."""


def sign(name: str) -> Html:
    """The drawing of a page, as SVG; it says nothing that the words beside it do not."""
    strokes = _STROKES.get(name, _USUAL)
    drawn = element("path", d=strokes)
    return element("svg", drawn, class_="sign", viewBox="0 0 24 24", aria_hidden="true")
