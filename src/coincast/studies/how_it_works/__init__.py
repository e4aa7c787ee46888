"""What notebook 04 explains networks with: layers and cells by hand, held against Keras."""
