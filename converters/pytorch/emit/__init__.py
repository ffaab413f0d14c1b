"""IR to Python source: `table` registers handlers, `driver` walks the tree of calls, `classes` writes the classes."""
