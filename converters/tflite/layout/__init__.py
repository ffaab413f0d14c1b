"""The engine for layouts: transposes and reshapes as arithmetic on views, made operators where one is needed."""
