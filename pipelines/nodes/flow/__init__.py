"""Control flow: parts of a pipeline that are run once, for each item, in rounds, or until one succeeds."""
