"""Sound: raw samples, formats, encoding while it grows, finished files."""
