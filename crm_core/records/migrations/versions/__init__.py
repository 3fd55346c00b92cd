"""Each file one step; a published step is never changed."""
