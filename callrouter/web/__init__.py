"""How Twilio and browsers reach us over HTTP."""
