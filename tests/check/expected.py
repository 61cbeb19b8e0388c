"""What the rules find in the samples, and nothing else: "CODE LINE", the line where it shows, ×N where it is N times.

A sample that is not listed is one in which nothing is found.
"""

EXPECTED = {
    "06_second_backward": ["GV101 21"],
    "rules/gv101_second_backward": ["GV101 16"],
    "rules/gv102_changed_in_place": ["GV102 13"],
    "rules/gv103_path_lost": ["GV103 16", "GV103 21"],
    "rules/gv104_grad_of_non_leaf": ["GV104 14", "GV104 16 ×2"],
}

# Of the engine's own scripts (tests/engine/scripts.py), by name; none is listed that is clean.
EXPECTED_OF_SCRIPTS = {
    "gradients added up": ["GV101 11"],
}
