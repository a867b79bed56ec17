"""A config and aligned faces -> a calibrated checkpoint."""
