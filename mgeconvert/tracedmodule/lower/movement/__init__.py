"""Elements move, none is chosen: reshape, transpose, concat, pad, tile; tensors made from sizes."""
