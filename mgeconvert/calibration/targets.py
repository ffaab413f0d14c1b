"""What a recipe is in each target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mgeconvert.errors import UsageError
from mgeconvert.registry import Backend

from .driver import Result
from .recipe import Recipe
from .training import with_float_weights

OPTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("onnx", "int8"): {"qdq_activations": "uint8"},
    ("onnx", "fp16"): {"fp16": True},
    ("tflite", "fp16"): {"fp16": True},
    ("tflite", "int8-dynamic"): {"dynamic_activations": True},
}
"""By target and recipe: the options of writing that belong to it."""
TARGETS = {
    "int8": ("onnx", "tflite", "tm"),
    "int8-dynamic": ("onnx", "tflite"),
    "int8-weights": ("onnx", "tflite"),
    "int4-weights": ("onnx", "tflite"),
    "int16x8": ("onnx",),
    "fp16": ("onnx", "tflite"),
}
"""By recipe: who can hold it."""
TRAINED = frozenset(["tm"])
"""Who has modules of quantization-aware training: floats and how they are rounded."""


def options_for(recipe: Recipe, target: Backend) -> dict[str, Any]:
    """The options of writing that belong to the recipe."""
    return dict(OPTIONS.get((target.name, recipe.recipe), {}))


def checked_recipe(recipe: Recipe, target: Backend | None) -> tuple[Recipe, list[str]]:
    """The recipe as the target (None: any) can hold it, with nothing left open, and what is different in it, in words.

    UsageError where the target cannot.
    """
    if target is not None and target.name not in TARGETS[recipe.recipe]:
        possible = [name for name, targets in TARGETS.items() if target.name in targets]
        hint = f"--recipe {possible[0]}" if possible else f"-o to a file of {', '.join(TARGETS[recipe.recipe])}"
        raise UsageError(f"the recipe {recipe.recipe} has no form in {target.title}", hint=hint)
    trained = target is not None and target.name in TRAINED
    if target is not None and trained and recipe.per_channel:
        raise UsageError(
            f"the recipe {recipe.recipe} has no form in {target.title} with --per-channel: a type there has one scale",
            hint="--per-tensor",
        )
    symmetric = trained if recipe.symmetric is None else recipe.symmetric
    per_channel = not trained if recipe.per_channel is None else recipe.per_channel
    recipe = replace(recipe, symmetric=symmetric, per_channel=per_channel)
    if target is not None and target.name == "tflite" and recipe.recipe == "int8-dynamic":
        return replace(recipe, recipe="int8-weights"), ["LiteRT's kernels find the scales of activations themselves"]
    return recipe, ["for quantization-aware training: one scale for each weight"] if trained else []


def finish(result: Result, target: Backend) -> None:
    """Bring the quantized network, in place, in the form that the target writes."""
    if target.name in TRAINED:
        with_float_weights(result.graph, result.weights)
