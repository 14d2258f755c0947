"""Lines of logs, as every family reads them: layouts, records, templates, classes and names."""
