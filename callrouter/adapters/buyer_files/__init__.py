"""What buyers send of their calls, in whatever file: read, understood, put into one form."""
