"""What cannot be traced, and what the user can do about it."""


class RefusedError(Exception):
    """What was asked for cannot be traced; the hint says what the user can do."""

    def __init__(self, message, hint=None):
        super().__init__(message)
        self.hint = hint
