"""The About tab: the model, its measured errors, and what a visitor should know."""
