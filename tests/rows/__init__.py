"""The rows, by families of operators (`mgeconvert.ir.families`): FAMILY.py, or FAMILY/KIND.py where that would be long.

Each file exports ROWS. Beside the families stand whole networks and `structures`, the rows of no one operator.
"""
