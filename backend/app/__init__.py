"""Vividly's API: students ask a question, a pipeline answers with a lesson video."""
