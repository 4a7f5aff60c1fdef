"""Tables of lines: read from CSV, JSON or YAML, with the columns of several game engines."""
