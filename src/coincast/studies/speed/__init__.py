"""What training many models costs: one program against `fit` called again and again, timed."""
