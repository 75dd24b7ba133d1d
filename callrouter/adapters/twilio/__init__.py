"""Twilio's side of things: its signatures, its webhooks, its TwiML, its REST API."""
