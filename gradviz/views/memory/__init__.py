"""The memory of a run: a chart for the terminal, a picture, and what was alive at the peak."""

from gradviz.views.memory.chart import chart, columns_for, has_blocks
from gradviz.views.memory.peak import as_json, peak_lines
from gradviz.views.memory.picture import COLUMNS, dot_text, svg
from gradviz.views.memory.samples import sampled
