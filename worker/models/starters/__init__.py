"""The starter models: real, small, and there without a hub."""
