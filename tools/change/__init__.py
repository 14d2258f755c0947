"""Did it move, when, how much: one engine for series and counts."""
