"""Runbooks as programs: whether one can run, and what its steps found."""
