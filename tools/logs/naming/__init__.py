"""Short names for groups of log lines: proposed by a local model, verified by code against the template, for display only."""
