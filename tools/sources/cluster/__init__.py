"""Sources of cluster state."""
