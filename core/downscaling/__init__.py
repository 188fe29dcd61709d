"""Downscaling: model contract, predictors, tiled inference, residual correction."""
