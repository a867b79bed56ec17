"""Workarounds for what gradio's server and uvicorn lack, one module each.

Each module's docstring says what is missing upstream, which issue says so, and which test fails once the module can go.
The flaws themselves are shown on plain gradio in tests/page/server/test_gradio.py and test_gradio_requests.py, on plain
uvicorn in test_uvicorn.py, and those of gradio's frontend in tests/browser/test_gradio.py. Checked with gradio 6.31.0
and uvicorn 0.54.0.
"""
