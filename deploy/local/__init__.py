"""One machine, nothing installed by hand: what `make run` and the tests start."""
