"""Planning: which tools are called, about whom, in which order."""
