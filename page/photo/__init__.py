"""The Photo tab: one photo, a button over every face and a card a face."""
