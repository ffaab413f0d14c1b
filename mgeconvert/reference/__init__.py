"""The reference environments: the real frameworks that judge our results, each in a virtual environment of its own.

MegEngine's last wheel is for CPython 3.8-3.10 and numpy 1.x, so it cannot live beside mgeconvert. `environment` says
what each environment holds and creates it, `interpreters` finds a Python for it, `client` drives its worker script
through files.
"""
