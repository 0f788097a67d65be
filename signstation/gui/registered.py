"""The pages of the window, in the order of the navigation. A page is listed when it works."""

from __future__ import annotations

from signstation.gui.pages import PageEntry

PAGES: tuple[PageEntry, ...] = ()
