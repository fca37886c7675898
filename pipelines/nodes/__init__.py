"""The node families. A module here knows `pipelines.node` and `pipelines.values`, and nothing else of the house."""
