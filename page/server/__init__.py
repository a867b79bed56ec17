"""What gradio's server lacks: request limits, a private folder, cleaning up, memory, turns for streams."""
