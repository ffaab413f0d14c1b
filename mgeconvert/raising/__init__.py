"""Raises a graph to calls of MegEngine: built-in modules, megengine.functional, tensor methods. The way back from
`mgeconvert.lowering`; what is written down is `mgeconvert.tracedmodule.pickler`'s business."""
