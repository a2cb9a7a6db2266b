"""A pupil who is none: signs in, asks, and looks whether the lesson plays, every few minutes.

At night and in the holidays nobody asks, so no ratio tells that nobody could. :mod:`.walk` goes
the way once, :mod:`.telling` says how it was, :mod:`.probe` is the process that does both, once
or again and again; ``python -m app.journey`` is its command.

What it leaves behind. A walk is a real sign-in and a real question: both are counted, and a
lesson is made. They are told apart by the account (``JOURNEY_EMAIL``) and by the user agent
``vividly-journey/1``. The walk signs out, cancels what did not come in time, and the service
forgets the account's lessons an hour after their end (:mod:`app.services.journey_lessons`), so at
any time there are a dozen. Its sessions go with everybody's, after thirty days.
"""
