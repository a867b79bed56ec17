"""Readers of the raw datasets: each gives a `Source`, with label records and a reader of encoded bytes."""
