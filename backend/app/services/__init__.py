"""What Vividly does, without HTTP."""
