"""The Gradio page: one package a tab, what visitors give, what the server lacks, and what the tabs share."""
