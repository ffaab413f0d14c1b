"""Which `raise` and `refuse` statements the tests execute: `make reached` lists those that none does.

`instrument` notes each of them as it is executed, `report` compares with what there is. Nothing but those statements
costs time.
"""
