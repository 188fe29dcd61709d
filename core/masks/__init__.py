"""Masks: which cells are water or ice, how masks combine, and what they take out."""
