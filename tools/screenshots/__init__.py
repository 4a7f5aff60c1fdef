"""Pictures of every page of the dashboard, with something on it."""
