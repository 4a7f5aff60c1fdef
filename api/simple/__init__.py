"""The routes for scripts, and for clients that expect them: one request, one sound."""
