"""Vividly's wiring: settings, database, logging, metrics, health."""
