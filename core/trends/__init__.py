"""Deseasonalising, Sen slopes and their significance."""
