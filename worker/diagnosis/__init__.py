"""What can be found about a machine, its card and its settings, and what to do about it."""
