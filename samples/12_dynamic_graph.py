"""The graph is what ran, not what is written: a loop that stops when the data says so.

Look for, with `--graph 1`, `--graph 2` and `--graph 3` (or `--graph all`):
- one graph for each start, and each of another length: the while loop multiplied 7, 3 and 2 times;
- every multiplication saved its own two factors, so that a longer loop keeps more alive until backward;
- all rows of the loop come from one source line. Only their numbers tell them apart;
- the states: the first two graphs are gone, because `y` now names the third.
"""

import gradviz as torch

for start in (1.5, 2.5, 4.0):
    x = torch.tensor(start, requires_grad=True)
    y = x
    times = 0
    while y.item() < 20:
        y = y * x
        times += 1
    y.backward()
    print(f"x = {start}: {times} multiplications, y = {y.item():.3f}, dy/dx = {x.grad.item():.3f}")
