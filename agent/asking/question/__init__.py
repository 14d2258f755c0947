"""Reading a question about live systems: what is asked, of what, when; by words in five languages, as data."""
