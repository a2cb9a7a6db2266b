"""The command line of the toolkit: ``tocsin cloud`` and its siblings."""
