"""Can an LSTM or a CNN-LSTM predict tomorrow's cryptocurrency prices?

The packages follow the data: prices -> datasets -> models, ensemble -> evaluation -> studies
-> figures. Each imports only from those before it.
"""

import os

# TensorFlow reads both once, when it is first imported. The first silences its start-up log; the
# second turns off kernels whose rounding depends on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

__version__ = "0.1.0"
