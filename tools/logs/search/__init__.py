"""Search: log records mined in one pass, kept as Parquet, asked by template, field, text, time, or in SQL.

`spool` writes records a batch at a time, `rows` makes them out of the miner's pass, `mining` reads whole sets, `store`
opens what was mined or saved as the view `records`, `query` turns filters into SQL in which all that a user or a log
wrote is a parameter, `values` reads the gaps of templates, `sandbox` runs a user's own SQL.
"""
