"""Separating groundwater storage from total water storage."""
