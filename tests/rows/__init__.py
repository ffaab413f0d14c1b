"""The rows, one file a family of operators; each exports ROWS."""
