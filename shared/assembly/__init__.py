"""Assembly: spoken lines become finished recordings, without an engine."""
