"""The shared database and the local files that stand in for it: the only SQL of callrouter."""
