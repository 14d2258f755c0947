"""Pictures by classical means: hot spots of a thermal image, ridges of a spectrogram. No claim beyond the grey values."""
