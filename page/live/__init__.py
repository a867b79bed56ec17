"""The Live tab: a camera's faces, followed and smoothed."""
