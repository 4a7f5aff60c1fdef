"""Performers of tasks: one module each."""
