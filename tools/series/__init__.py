"""Comparable series, whatever source they came from: read, derived, named and told. Shared by the families that look at them."""
