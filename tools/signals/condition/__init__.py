"""The condition of one asset: regimes, references, what left them lastingly, and how long until a limit."""
