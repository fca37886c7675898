"""Language models: many answers written at once, each as if it were alone."""
