"""Stripe's events: whether one is really Stripe's, and what it says of money."""
