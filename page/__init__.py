"""What the Gradio page is made of besides app.py: its photo input, the drawing of boxes, and its HTML."""
