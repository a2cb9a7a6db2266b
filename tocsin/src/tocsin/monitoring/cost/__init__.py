"""What the monitoring of a service costs a month, by its configuration and its traffic.

:mod:`.plan` gathers what is declared, :mod:`.volume` makes volumes of it (:mod:`.measured`
takes them from a cloud instead), :mod:`.bill` prices them, :mod:`.savings` asks what each
change would bring, :mod:`.page` tells it.
"""
