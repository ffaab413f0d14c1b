"""Normalization by computed or stored statistics, dropout."""
