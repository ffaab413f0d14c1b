"""Layer by layer: every value of a written model against the one of its source, and who made the first bad one.

`observe` computes a model's values in its real runtime, `match` finds for each the value of the source that it should
be, `culprit` the first that is not, `blame` says whether the runtime, a pass, the conversion or the file made it, and
`reduce` cuts out the smallest part that still fails.
"""
