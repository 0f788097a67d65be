"""The pages of the window, in the order of the navigation. A page is listed when it works."""

from __future__ import annotations

from signstation.gui.keys import KeysPage
from signstation.gui.overview import OverviewPage
from signstation.gui.pages import PageEntry, PageName
from signstation.gui.queue import QueuePage
from signstation.gui.sign import SignPage
from signstation.gui.trust import TrustPage
from signstation.gui.verify import VerifyPage

PAGES: tuple[PageEntry, ...] = (
    PageEntry(PageName.OVERVIEW, "overview", "Overview", OverviewPage),
    PageEntry(PageName.SIGN, "sign", "Sign", SignPage),
    PageEntry(PageName.VERIFY, "verify", "Verify", VerifyPage),
    PageEntry(PageName.QUEUE, "queue", "Queue", QueuePage),
    PageEntry(PageName.KEYS, "key", "Keys", KeysPage),
    PageEntry(PageName.TRUST, "anchor", "Trust", TrustPage),
)
