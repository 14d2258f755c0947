"""Sources of traces."""
