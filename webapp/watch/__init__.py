"""What the web tells of itself: how long requests take, what stands in the queue, whose request a run was."""
