"""What the window says when its station is lost, and when another one took over."""

from __future__ import annotations

from signstation.app.apart import StationNews
from signstation.errors import SignstationError
from signstation.gui.frame import Window
from signstation.gui.tokens import Tone
from signstation.gui.words import tr


def show_news(window: Window, news: StationNews | SignstationError) -> None:
    """Tell what became of the station; without one the window ends with the reason."""
    match news:
        case StationNews.LOST:
            window.notice.say(
                Tone.WARNING,
                tr("The station stopped unexpectedly and is being started again."),
                tr("No file is half written: every step is in the journal, and jobs go on there."),
            )
        case StationNews.BACK:
            window.notice.say(
                Tone.ACCENT,
                tr("The station was started again, and nothing is lost."),
                tr(
                    "Jobs go on where the journal ends. One that needs a passphrase or your word "
                    "again waits in the queue."
                ),
            )
            window.look_again()
        case SignstationError():
            window.broken.emit(news)
