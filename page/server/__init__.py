"""Workarounds for what gradio's server lacks, one module each.

Each module's docstring says what is missing upstream, which issue says so, and which test fails once the module can go.
The flaws themselves are shown on plain gradio in tests/page/server/test_gradio.py, those of its frontend in
tests/browser/test_gradio.py. Checked with gradio 6.31.0.
"""
