"""What a lesson's slides show: ideas by their shape, subjects, and a student's interests.

Every drawing is a function of a pen and of the time in seconds, so that it moves. It
draws into a field 100 units high, and 100 or, for the shapes, 220 units wide.
"""
