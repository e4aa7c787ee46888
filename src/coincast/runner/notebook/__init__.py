"""One notebook: its task, what it reads of others, its processes, what went wrong in them."""
