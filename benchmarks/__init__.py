"""Speed benchmarks against a baseline; `python -m benchmarks`, from the repository root."""
