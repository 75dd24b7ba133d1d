"""Who calls: callers who come again, and those who are blocked or allowed."""
