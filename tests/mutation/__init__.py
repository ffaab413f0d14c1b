"""`make mutants`: changes one place of our code at a time, seeded, and asks whether a test notices.

`mutants` makes the changes, `selection` finds the tests that reach a changed place (recorded by tests/reached),
`server` runs them, each change in a fork of one process that has imported and collected everything, and `cold` where an
import computes what is changed. `equivalent` lists changes that change nothing, with reasons.

It is no library because of what is needed with 36,000 tests, most of them rows of a few files: no collecting for each
change, and tests chosen by block, not by function or file. mutmut and cosmic-ray have not been measured on this tree.
"""
