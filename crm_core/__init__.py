"""Clientele: customer analytics for online shops, without a user interface."""
