"""What the rules find in the samples, and nothing else: "CODE LINE", the line where it shows, ×N where it is N times.

A sample that is not listed is one in which nothing is found.
"""

EXPECTED = {
    "06_second_backward": ["GV101 21"],
    "10_kept_alive_by_a_list": ["GV106 20", "GV106 25"],
    "26_leaks": ["GV106 19", "GV106 29"],
    "33_grad_to_one": ["GV107 21"],
    "rules/gv101_second_backward": ["GV101 16"],
    "rules/gv102_changed_in_place": ["GV102 13"],
    "rules/gv103_path_lost": ["GV103 16", "GV103 21"],
    "rules/gv104_grad_of_non_leaf": ["GV104 14", "GV104 16 ×2"],
    "rules/gv105_no_gradient": ["GV105 17", "GV105 17", "GV105 20", "GV105 21"],
    "rules/gv106_graphs_kept": ["GV106 25", "GV106 31", "GV106 18"],
    "rules/gv107_retained_for_nothing": ["GV107 13"],
    "rules/gv108_log_of_zero": ["GV108 12"],
    "rules/gv109_many_sigmoids": ["GV109 17"],
    "rules/gv110_dead_relu": ["GV110 16"],
    "rules/gv111_no_zero_grad": ["GV111 17", "GV111 24"],
    "rules/gv112_parameter_made_anew": ["GV112 17", "GV112 29"],
    "rules/gv113_wrong_factor": ["GV113 21"],
    "rules/gv114_column_against_row": ["GV114 16"],
    "rules/gv115_softmax_twice": ["GV115 14", "GV115 16", "GV108 23", "GV115 20"],
}

# Of the engine's own scripts (tests/engine/scripts.py), by name; none is listed that is clean.
EXPECTED_OF_SCRIPTS = {
    "gradients added up": ["GV101 11"],
    "gradients at the edges": ["GV108 19", "GV115 6"],
}
