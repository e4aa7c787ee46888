"""Can an LSTM or a CNN-LSTM predict tomorrow's cryptocurrency prices?

The modules follow the data: prices -> features -> windows -> models -> training
-> evaluation -> results -> figures. Each imports only from those before it.
"""

import os

# TensorFlow reads both once, when it is first imported. Without the first every notebook opens
# with a page of log lines; the second forgoes kernels that round differently on another processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

__version__ = "0.1.0"
