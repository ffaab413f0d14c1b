"""Graph-to-graph optimization passes."""
