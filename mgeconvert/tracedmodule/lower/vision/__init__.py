"""Images read at computed positions, regions of interest, boxes, colours."""
