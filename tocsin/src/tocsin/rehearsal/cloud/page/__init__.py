"""What the cloud received, for people: one page, and the JSON that it reads.

The page is plain HTML, one stylesheet and one script, all from here; it loads nothing from
elsewhere, and puts what came from outside into text nodes only.
"""

from tocsin.rehearsal.cloud.page.routes import Page

__all__ = ["Page"]
