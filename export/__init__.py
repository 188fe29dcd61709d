"""Training downscaling models and turning them into ONNX; not part of the plugin."""
