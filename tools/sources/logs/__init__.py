"""Sources of logs."""
