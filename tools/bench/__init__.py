"""What the service adds to the engine's own time, measured on real processes."""
