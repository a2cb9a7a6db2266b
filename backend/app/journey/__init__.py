"""A pupil who is none: signs in, asks, and looks whether the lesson plays, every few minutes.

At night and in the holidays nobody asks, so no ratio tells that nobody could. :mod:`.walk` goes
the way once, :mod:`.telling` says how it was, ``python -m app.journey`` does both.
"""
