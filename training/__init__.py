"""`python -m training`: makes the small painter and the small captioner, from nothing, with a fixed seed."""
