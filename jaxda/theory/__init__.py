"""Closed forms: what can be said of a model without running it."""
