"""What became of a call: its events, its attempts, how they ended, and the CDR made of them."""
