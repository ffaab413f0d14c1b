"""Names that the files of mgeconvert have."""

from __future__ import annotations

DEFAULT_SIGNATURE = "serving_default"
"""The signature that is taken where a file has several, as in TensorFlow."""
ABOUT = "mgeconvert"
"""The metadata in which mgeconvert notes how a file is laid out."""
INDICES, FROM_FRONT = "indices", "from the front"
"""The metadata of a graph that was read from a file whose operators take no negative indices."""
WEIGHTS = "weights"
"""The metadata of a graph that says how the weights of the file it was read from are stored: ``float16``, or
``dynamic`` where kernels multiply integer weights with activations that they round as they run."""
