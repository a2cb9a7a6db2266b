"""Who is told: PagerDuty, Slack and a mail server, which refuse what the real ones refuse."""
