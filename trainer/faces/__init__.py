"""Rows of a prepared or foreign dataset -> aligned training faces."""
