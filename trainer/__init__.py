"""The training recipe: prepare | train | evaluate | push."""
