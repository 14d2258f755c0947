"""Sentences of the report: who writes them, from which facts, and the checks that each must pass."""
