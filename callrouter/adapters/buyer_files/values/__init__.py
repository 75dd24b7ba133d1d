"""What the cells of a buyer's file say, whole columns at once: instants, durations, numbers.

Each reader takes a column of texts and how it is written, and gives figures of the same length,
null where a text can't be read. None of them knows what a column is for.
"""
