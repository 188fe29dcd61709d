"""Exact polygon coverage, basin means, volumes and summaries."""
