"""Attacks: what a hostile or careless world does to a diagnosis, measured."""
