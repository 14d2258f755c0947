"""Recorders of the bundled scenarios. Run from the checkout: `python -m scenarios.record.bearing --help`."""
