"""Which `raise` and `refuse` statements the tests execute: `make test-core` fails on one that none does.

`instrument` notes each of them as it is executed, `report` compares with `unreached.txt`, the list of those that no
test executes yet. Nothing but those statements costs time.
"""
