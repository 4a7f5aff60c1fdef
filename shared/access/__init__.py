"""Who may use the service, for what, and how much: keys, kept as hashes, and their scopes."""
