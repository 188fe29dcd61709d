"""Readers of land-surface products, of series in general, and of mascons, one family a file."""
