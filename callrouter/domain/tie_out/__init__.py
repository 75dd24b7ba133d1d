"""Our calls against a buyer's own records: their clock, which is which, where money differs.

Frames of polars in, values and frames out. How a file is read, and where results are kept, isn't
known here.
"""
