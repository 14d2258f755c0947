"""What an incident text says: start, components, symptom, what was tried; words first, then a model, once."""
