"""LangGraph state machines: diagnose and replay."""
