"""Hours and time: when somebody takes calls, which day or month it is, spans and moments."""
