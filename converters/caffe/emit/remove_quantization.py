"""What a Caffe net, which computes in float32, loses of a quantized source.

In the document an activation's name is its blob in the net, a weight's ``LAYER/NUMBER``, its place in the caffemodel.
"""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.quantization.removal import Parameters


def warnings(parameters: Sequence[Parameters], kept: bool) -> list[str]:
    """What a net in float32 loses, and which option keeps it; `kept`: the document is written."""
    activations = len({one.value for one in parameters if not one.value.is_constant})
    trained = len({one.value for one in parameters if one.as_trained})
    texts = []
    if activations:
        what = "neither rounded nor cut off" if kept else "cut off, but not rounded"
        text = f"{activations} quantized activations are float32, as all in Caffe: they are {what}"
        advice = "" if kept else "; --quant-params FILE.json keeps how they were quantized"
        texts.append(f"{text}, so that results differ from the source's{advice}")
    if trained:
        texts.append(f"{trained} weights are written as trained, not as they are quantized: --fake-quant-weights")
    return texts
