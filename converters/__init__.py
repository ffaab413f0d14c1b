"""The frontends and backends that ship with mgeconvert, one folder a format."""
