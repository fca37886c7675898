"""What containers of the studio are made of, and how they say that they are well."""
