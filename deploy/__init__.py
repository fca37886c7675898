"""How the studio is put on machines."""
