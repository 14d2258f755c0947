"""Asking: what a question is about, where its answer stands, and whether it is one."""
