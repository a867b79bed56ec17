"""Checkpoints and datasets -> repositories of the Hub, with their cards."""
