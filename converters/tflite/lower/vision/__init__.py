"""Sampling at computed positions, boxes."""

from __future__ import annotations

from . import boxes, mediapipe

__all__ = ["boxes", "mediapipe"]
