"""Sources of documents: past incidents and runbooks."""
