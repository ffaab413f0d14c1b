"""How onnxruntime is asked to compute a network: quietly, and what the network means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import SessionOptions

ERRORS_ONLY = 3
"""onnxruntime's log severity: no warnings on a user's terminal."""
WHOLE_WEIGHTS = ("session.qdq_matmulnbits_accuracy_level", "1")
"""The setting by which what is multiplied with integer weights is not rounded to integers itself."""


def session_options() -> SessionOptions:
    """Options for a session on the CPU; ImportError without onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry(*WHOLE_WEIGHTS)
    return options
