"""A web shop: an order is paid through a provider, then packed."""
