"""Metrics, wells and independent series: how good a stack is."""
