"""Tests of reading TFLite files: operators, networks, state."""
