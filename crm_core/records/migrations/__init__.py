"""Steps from an empty database to the tables of `models.py`, oldest first."""
