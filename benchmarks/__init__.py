"""How fast photos are answered, beside a baseline; `python -m benchmarks`, from the repository root."""
