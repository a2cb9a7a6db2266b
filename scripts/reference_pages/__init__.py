"""The pages of backend/docs/reference, each written from what the code declares."""
