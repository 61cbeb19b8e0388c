"""Rules that look at a trace and name what is wrong: the lines, the cause, the fix."""

from gradviz.check.catalogue import RULES, checked, examined
from gradviz.check.finding import Finding, Place
