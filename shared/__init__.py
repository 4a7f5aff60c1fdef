"""What the processes agree on: contracts, jobs, events, the queue protocol, settings and errors."""
