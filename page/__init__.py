"""The Gradio page: a package for each tab, for inputs, for workarounds of the server, and for what the tabs share."""
