"""A TOML file for each way to write call records that is known; `presets` reads them."""
