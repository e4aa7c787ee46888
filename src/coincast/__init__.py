"""Can an LSTM or a CNN-LSTM predict tomorrow's cryptocurrency prices?

The modules follow the data: prices -> features -> windows -> models -> training
-> evaluation -> results -> figures. Each imports only from those before it.
"""

import os

# TensorFlow reads this once, when it is first imported: without it every notebook
# opens with a page of log lines about processor features.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
