"""Names that the files of mgeconvert have."""

from __future__ import annotations

DEFAULT_SIGNATURE = "serving_default"
"""The signature that is taken where a file has several, as in TensorFlow."""
ABOUT = "mgeconvert"
"""The metadata in which mgeconvert notes how a file is laid out."""
