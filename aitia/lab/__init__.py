"""The scenario lab: incidents with known causes, from real servers, simulated machines and generated clusters."""
