"""The memory of a site: past incidents with their outcomes, kept in SQLite, found again by words, meaning and evidence."""
