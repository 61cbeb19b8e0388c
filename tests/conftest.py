"""What every test starts from: a plain screen, and the same examples each time."""

import pytest
from hypothesis import settings

# Derandomized: a failure in CI is the same failure at home. No deadline: shared machines stall.
settings.register_profile("gradviz", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("gradviz")

SCREEN_SETTINGS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS", "LINES", "PAGER")


@pytest.fixture(autouse=True)
def _plain_screen(monkeypatch):
    """What a view prints must depend on what a test asks for, not on the terminal around it."""
    for name in SCREEN_SETTINGS:
        monkeypatch.delenv(name, raising=False)
