"""Recorded calls run through a table that they weren't routed by: who would have got them.

Fed call by call, in the order of their arrival; knows nothing of where they are kept.
"""
