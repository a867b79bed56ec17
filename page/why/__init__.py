"""The Why? tab: what moved the answers for one face."""
