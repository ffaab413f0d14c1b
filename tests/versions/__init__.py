"""The lowest and the highest versions that setup.cfg allows of everything write the same bytes in every format.

    python -m tests.versions

makes an environment of each in the cache folder of mgeconvert and converts the same small models in both.
"""
