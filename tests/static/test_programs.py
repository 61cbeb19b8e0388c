"""What a static function gives is what the function gives, bit by bit, whatever happens between the calls."""

import warnings

from hypothesis import HealthCheck, given, settings

import gradviz as torch
from tests.static.programs import PROGRAMS, TURNS, arguments, bits, change, state_of, taken


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, TURNS)
def test_a_replay_is_the_dynamic_run(program, turns):
    ours, theirs = state_of(torch, program), state_of(torch, program)
    static, dynamic = torch.static(program.function(torch, ours)), program.function(torch, theirs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for turn in [*turns, *turns]:
            mine, its = arguments(torch, program, turn.seed), arguments(torch, program, turn.seed)
            assert taken(torch, turn, static, ours, mine) == taken(torch, turn, dynamic, theirs, its)
            for state in (ours, theirs):
                change(torch, turn.changed, state)
            assert [bits(each) for each in ours] == [bits(each) for each in theirs]
