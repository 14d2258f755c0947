"""Renderings of a report: terminal, Markdown, JSON. The JSON Schema is the truth."""
