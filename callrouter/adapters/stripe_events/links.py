"""The URL that Stripe calls, below PUBLIC_URL."""

EVENTS = "/stripe/events"
"""Behind it stands the seller's id."""
