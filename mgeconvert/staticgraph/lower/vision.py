"""Sampling at computed positions, regions of interest, boxes, colours."""

from __future__ import annotations

from .table import opdef

opdef("Correlation", "CorrelationForward")
opdef("CvtColor", "CvtColor")
opdef("NMSKeep", "NMSKeepMGB")
opdef("ROIAlign", "ROIAlignV1")
opdef("ROIPooling", "ROIPooling")
opdef("Remap", "RemapV1")
opdef("WarpAffine", "WarpAffineV2")
opdef("WarpPerspective", "WarpPerspectiveV2")
