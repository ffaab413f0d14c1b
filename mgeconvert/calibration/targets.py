"""What a recipe is in each target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mgeconvert.errors import UsageError
from mgeconvert.registry import Backend

from .recipe import Recipe

OPTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("onnx", "int8"): {"qdq_activations": "uint8"},
    ("onnx", "fp16"): {"fp16": True},
    ("tflite", "fp16"): {"fp16": True},
    ("tflite", "int8-dynamic"): {"dynamic_activations": True},
}
"""By target and recipe: the options of writing that belong to it."""
TARGETS = {
    "int8": ("onnx", "tflite"),
    "int8-dynamic": ("onnx", "tflite"),
    "int8-weights": ("onnx", "tflite"),
    "int4-weights": ("onnx", "tflite"),
    "int16x8": ("onnx",),
    "fp16": ("onnx", "tflite"),
}
"""By recipe: who can hold it."""


def options_for(recipe: Recipe, target: Backend) -> dict[str, Any]:
    """The options of writing that belong to the recipe."""
    return dict(OPTIONS.get((target.name, recipe.recipe), {}))


def checked_recipe(recipe: Recipe, target: Backend) -> tuple[Recipe, list[str]]:
    """The recipe as the target can hold it, and what is different in it, in words.

    UsageError where the target cannot.
    """
    if target.name not in TARGETS[recipe.recipe]:
        possible = [name for name, targets in TARGETS.items() if target.name in targets]
        hint = f"--recipe {possible[0]}" if possible else f"-o to a file of {', '.join(TARGETS[recipe.recipe])}"
        raise UsageError(f"the recipe {recipe.recipe} has no form in {target.title}", hint=hint)
    if target.name == "tflite" and recipe.recipe == "int8-dynamic":
        return replace(recipe, recipe="int8-weights"), ["LiteRT's kernels find the scales of activations themselves"]
    return recipe, []
