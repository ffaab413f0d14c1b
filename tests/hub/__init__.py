"""A hub of networks for `mgeconvert batch`: real ones, those of the tests, and some that are broken on purpose.

    python -m tests.hub [FOLDER]

lays 64 of them out, converts them to four formats by one manifest, kills that run at half with all its processes, lets
it go on, runs it once more without a change, and compares the processor time with that of single commands.
"""
