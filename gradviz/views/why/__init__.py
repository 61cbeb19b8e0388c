"""Why graphs are alive at the end: what `gradviz why` prints."""

from gradviz.views.why.asked import asked
from gradviz.views.why.facts import facts
from gradviz.views.why.told import lines

__all__ = ["asked", "facts", "lines"]
