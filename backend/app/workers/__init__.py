"""Processes that work off what was asked for."""
