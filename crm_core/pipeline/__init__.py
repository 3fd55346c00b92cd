"""The jobs that move a store forward: import, marts, features, scores."""
