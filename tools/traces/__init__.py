"""Trace tools."""
