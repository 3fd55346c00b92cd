"""Pages without a screen: a Selection in, plain numbers and small frames out."""
