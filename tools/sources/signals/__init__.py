"""Sources of waveforms and of what is known of a plant's signals."""
