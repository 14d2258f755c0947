"""The signals of a plant held against one another: each one expected from its partners, as a reference taught."""
