"""Sources of changes and maintenance acts."""
