"""A checkpoint's answers beside the labels -> metrics, a report and plots."""
