"""Past incidents from files: JSON lines, CSV, Markdown post-mortems, PagerDuty, Jira, maintenance work orders."""
