"""Models: what is on disk, how it gets there, and how it is served."""

import os

# Before anything here imports torch, which reads it once: threads that wait for one another sleep. Where they spin, as
# is the default, and another process wants their core, a token costs up to ten times the CPU time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
