"""Filling the months that the satellites missed."""
