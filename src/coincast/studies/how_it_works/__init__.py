"""Notebook 04: convolutional and recurrent networks in NumPy, compared with Keras."""
