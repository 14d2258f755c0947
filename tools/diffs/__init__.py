"""What a change touches, read from its diff: words of code, settings with their direction, and kinds of risk."""
