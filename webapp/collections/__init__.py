"""Knowledge bases: documents cut into passages, found by meaning and by words."""
