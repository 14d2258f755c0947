"""Generated examples that a model is tuned on."""
