"""Who gets no calls now: circuit breakers, health URLs, and the stops that they and people set."""
