"""Which component a series belongs to: decided per family of metrics from all of its labels together."""
