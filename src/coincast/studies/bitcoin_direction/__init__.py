"""The second demo: bitcoin up or down by a CNN-LSTM, and the code that it was adapted from."""
