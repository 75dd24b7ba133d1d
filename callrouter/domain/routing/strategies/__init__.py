"""What decides between routes of one priority: one strategy a file.

Each gives a route its place, the smaller the earlier, and says what it saw; ties fall to weight.
"""
