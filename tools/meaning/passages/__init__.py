"""What the sentences of post-mortems and runbooks are for."""
