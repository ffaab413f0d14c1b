"""Records to the IR: a table of operator types, most of which are rows that name the opdef they compute."""
