"""`python -m worker serve`: a model on this disk, for whatever speaks the OpenAI protocol."""
