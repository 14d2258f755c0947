"""Tools of strangers: which are asked first in an incident, and about what, learned from vendors that many hands made up."""
