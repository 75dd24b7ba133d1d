"""From a table and a call to a decision: plans, who is passed by and why, what is dialled.

Knows what a call is asked about, not what becomes of it: that is in `calls`.
"""
