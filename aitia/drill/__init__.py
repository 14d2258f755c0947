"""Drills: a person is given a recorded incident, looks at its telemetry, names the cause, and only then sees the answer."""
