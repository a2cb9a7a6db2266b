"""What Vividly keeps: the tables, and the vocabulary that tables, API and metrics share."""
