"""What touches the world: storage, Twilio, files, the clock; none knows another."""
