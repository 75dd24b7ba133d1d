"""One file a migration, numbered; the newest is named in `.head`."""
