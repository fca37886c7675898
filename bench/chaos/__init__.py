"""`make chaos`: parts of a whole studio are killed, frozen, restarted and cut off while runs flow: nothing is lost."""
