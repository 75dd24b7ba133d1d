"""Pay-per-call tracking and routing: Twilio webhooks in, the right buyer out, CDRs that tie out."""
