"""Documents: what a file is, and the book that is in it."""
