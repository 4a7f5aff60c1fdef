"""Performers of pipelines: one module each."""
