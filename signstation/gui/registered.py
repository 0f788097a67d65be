"""The pages of the window, in the order of the navigation. A page is listed when it works."""

from __future__ import annotations

from signstation.gui.pages import PageEntry, PageName, lazy

PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        PageName.OVERVIEW, "overview", "Overview", lazy("signstation.gui.overview:OverviewPage")
    ),
    PageEntry(PageName.SIGN, "sign", "Sign", lazy("signstation.gui.sign:SignPage")),
    PageEntry(PageName.VERIFY, "verify", "Verify", lazy("signstation.gui.verify:VerifyPage")),
    PageEntry(PageName.QUEUE, "queue", "Queue", lazy("signstation.gui.queue:QueuePage")),
    PageEntry(PageName.KEYS, "key", "Keys", lazy("signstation.gui.keys:KeysPage")),
    PageEntry(PageName.TRUST, "anchor", "Trust", lazy("signstation.gui.trust:TrustPage")),
    PageEntry(PageName.AUDIT, "audit", "Audit", lazy("signstation.gui.audit:AuditPage")),
)
