"""A net to bytes: its description and its weights."""
