"""How fast photos are answered, beside the straightforward way; `python -m benchmarks`, from the repository root."""
