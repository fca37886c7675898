"""What the studio costs, each measure beside its bare baseline in the same run."""
