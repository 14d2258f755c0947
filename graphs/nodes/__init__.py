"""The nodes of the diagnose machine, by phase: collecting, planning, judging, explaining, closing."""
