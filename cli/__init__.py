"""The `mgeconvert` command: a click application over the core's registries; only this folder prints."""
