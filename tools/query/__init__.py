"""One look at telemetry, as a typed query that a person can read, edit and run again: `lines(component="web", level="error")`."""
