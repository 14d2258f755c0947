"""The lowest layer: the words every other layer speaks, and the seams between them."""
