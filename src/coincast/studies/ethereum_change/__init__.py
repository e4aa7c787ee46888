"""The first demo: ethereum's next-day change by an LSTM, and the notebook that it grew from."""
