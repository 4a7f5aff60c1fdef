"""Many clients of many kinds at once, and what becomes of them and of the processes."""
