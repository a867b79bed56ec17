"""Label order and age range, shared by training and serving."""

GENDERS = ("female", "male")
"""Index of a gender logit -> name. The labels are binary and perceived, not a gender identity."""

MAX_AGE = 100
"""The oldest class of the age head, in years; it stands for 100 and more."""

NUM_AGES = MAX_AGE + 1

MISSING = -100
"""Label of an unknown age or gender in a batch, as PyTorch's losses ignore it."""

OF_AGE = 18
"""Years; who is younger is a minor."""
