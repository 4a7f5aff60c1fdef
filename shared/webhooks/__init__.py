"""Webhooks: where they may go, how they are signed, and the outbox that outlives any process."""
