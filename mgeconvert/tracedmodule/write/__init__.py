"""Records to bytes: the objects of a written TracedModule and the pickler that writes them."""
