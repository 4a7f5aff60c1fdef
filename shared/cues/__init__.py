"""Subtitles: read however malformed, and written so that players understand them."""
