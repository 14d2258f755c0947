"""The model's work and its guards: planner, weigher, narrator, verifier, mitigations."""
