"""The Photo tab: one photo, with a button and a card for every face."""
