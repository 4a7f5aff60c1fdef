"""Words of other services' clients, as ours: voices, models."""
