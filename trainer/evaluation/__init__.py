"""Evaluation of a checkpoint: samples, metrics, report and plots."""
