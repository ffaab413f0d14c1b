"""A graph as calls of MegEngine: built-in modules, megengine.functional, tensor methods. The way back from
`mgeconvert.tracedmodule.lower`; what is written down is `mgeconvert.tracedmodule.write.pickler`'s business."""
