"""Whether a new revision may have more of the traffic, judged beside the one that it replaces.

:mod:`.figures` asks Google what each revision did, :mod:`.intervals` says how much of a
difference may be chance, :mod:`.verdict` decides and gives the reason.
"""
