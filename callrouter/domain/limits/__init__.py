"""What limits the calls that somebody gets: caps, credit, and what a dial holds of them."""
