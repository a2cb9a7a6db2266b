"""What a request pays for being watched: our middleware beside what a team would install."""
