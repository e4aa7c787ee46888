"""What is made of recorded results: README parts, the page of figures, checks."""
