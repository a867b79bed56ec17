"""A `Source` -> a Parquet dataset with landmarks, near-duplicate-safe splits and a card."""
