"""The service as tools of a language model (Model Context Protocol)."""
