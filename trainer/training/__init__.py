"""Training: a config and aligned faces -> a calibrated checkpoint."""
