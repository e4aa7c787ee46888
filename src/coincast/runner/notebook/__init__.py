"""One notebook in processes of its own: executing it, ending it, telling what went wrong."""
