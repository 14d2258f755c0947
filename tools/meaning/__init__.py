"""What names and messages mean: quantity, unit, direction; read from words first, then by the model, once."""
