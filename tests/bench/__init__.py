"""Time and memory of whole processes, beside plain copying."""
