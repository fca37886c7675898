"""The hands: the run worker, the model worker, and the terminal runner."""
