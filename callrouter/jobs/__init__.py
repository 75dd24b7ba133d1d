"""What time starts: the clock process and its table of jobs."""
