"""MegEngine's operators in terms of the IR: tables of handlers keyed by MegEngine's qualified names."""
