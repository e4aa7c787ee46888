"""Keras networks, baselines, and the training of one model."""
