"""The migrations; :mod:`app.models.migrate` runs them."""
