"""`make mutants`: changes one place of our code at a time, seeded, and asks whether a test notices.

`mutants` makes the changes, `selection` finds the tests that reach a changed place (recorded by tests/reached),
`server` runs them, each change in a fork of one process that has imported and collected everything, and `cold` where an
import computes what is changed. `equivalent` lists changes that change nothing, with reasons.

It is no library because of what is needed with 36,000 tests, most of them rows of a few files: no collecting for each
change, and tests chosen by block, not by function or file. Tried on mgeconvert/verification with two files of tests:
cosmic-ray 8.7 finds 4615 changes and starts pytest anew for each, six seconds a change even so; mutmut 3.8 writes 31
files anew in 72 s and then finds no `mgeconvert_cli`: it imports packages from folders of their own names, which ours
have not.
"""
