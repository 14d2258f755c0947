"""Learned diagnosis: fault classes from labelled windows, with grouped cross-validation and conformal abstention."""
