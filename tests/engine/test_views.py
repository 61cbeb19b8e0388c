"""Views and changes in place by chance, beside PyTorch: values, gradients, grad_fns, and what is refused."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradviz
from tests.engine.sampling import values

torch = pytest.importorskip("torch", reason="PyTorch is not installed: .ci/run installs it")

VIEWS = {
    "row": lambda torch, v: v[0],
    "last": lambda torch, v: v[..., -1],
    "tail": lambda torch, v: v[1:],
    "even": lambda torch, v: v[..., ::2],
    "turned": lambda torch, v: v.transpose(0, -1),
    "T": lambda torch, v: v.permute(*reversed(range(v.ndim))),
    "flat": lambda torch, v: v.view(-1),
    "column": lambda torch, v: v.unsqueeze(-1),
    "squeezed": lambda torch, v: v.squeeze(),
    "spread": lambda torch, v: v.unsqueeze(0).expand(2, *v.shape),
    "all": lambda torch, v: v[...],
    "diagonal": lambda torch, v: v.diagonal(),
    "half": lambda torch, v: v.chunk(2)[0],
    "first": lambda torch, v: v.unbind(0)[0],
    "copied": lambda torch, v: v.clone(),
    "same": lambda torch, v: v * 1.5,
}
CHANGES = {
    "mul_(2)": lambda torch, v, o: v.mul_(2),
    "mul_(other)": lambda torch, v, o: v.mul_(o),
    "add_(other)": lambda torch, v, o: v.add_(o, alpha=0.5),
    "exp_()": lambda torch, v, o: v.exp_(),
    "sin_()": lambda torch, v, o: v.sin_(),
    "zero_()": lambda torch, v, o: v.zero_(),
    "fill_(1.5)": lambda torch, v, o: v.fill_(1.5),
    "copy_(other)": lambda torch, v, o: v.copy_(o),
    "sigmoid_()": lambda torch, v, o: v.sigmoid_(),
    "clamp_": lambda torch, v, o: v.clamp_(-0.5, 0.5),
    "v[0] = 2": lambda torch, v, o: v.__setitem__(0, 2.0),
    "v[0] = other[0]": lambda torch, v, o: v.__setitem__(0, o[0]),
    "v[...] = other": lambda torch, v, o: v.__setitem__(..., o),
    "v[v > 0] = 0.5": lambda torch, v, o: v.__setitem__(v > 0, 0.5),
    "v[0] *= 3": lambda torch, v, o: v.__setitem__(0, v[0].mul_(3)),
    "v[[0]] += 1": lambda torch, v, o: v.__setitem__([0], v[[0]] + 1),
    "t_": lambda torch, v, o: v.t_(),
    "unsqueeze_": lambda torch, v, o: v.unsqueeze_(0),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*VIEWS, *CHANGES, *CHANGES, *CHANGES]),
        st.integers(0, 5),
        st.integers(0, 5),
        st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=7,
)


def run(torch, steps, shape, wanted, asked):
    """What a program gives: an error's class and text, or grad_fns, versions, values and gradients."""
    leaf = torch.from_numpy(values(shape, seed=1)).requires_grad_(wanted)
    other = torch.from_numpy(values(shape, seed=2)).requires_grad_()
    known = [leaf * 1 if wanted else leaf, other]
    told = []
    for name, which, with_, graph in steps:
        tensor, second = known[which % len(known)], known[with_ % len(known)]
        if name in ("t_", "unsqueeze_") and not graph:
            continue  # the shape that the graph knows is another one then
        if 0 in tensor.stride() and (name == "v[[0]] += 1" or second is tensor):
            continue
        try:
            if name in CHANGES and tensor is not second and np.shares_memory(_memory(tensor), _memory(second)):
                second = second.clone()  # what is read while it is written is nobody's business
            with torch.set_grad_enabled(graph or name in VIEWS):
                if name in VIEWS:
                    known.append(VIEWS[name](torch, tensor))
                else:
                    CHANGES[name](torch, tensor, second)
        except (RuntimeError, IndexError) as error:
            told.append((type(error).__name__, str(error)))
        if asked:
            told.append([seen(each) for each in known])
    told.append([seen(each) for each in known])
    told.append([each._version for each in known])
    return told + [each.tolist() for each in known], outcome(torch, known, (leaf, other))


def _memory(tensor):
    return tensor.detach().numpy()


def seen(tensor):
    """The graph that a tensor tells of: names, two steps deep."""
    try:
        node = tensor.grad_fn
    except RuntimeError as error:
        return str(error)
    if node is None:
        return "", tensor.requires_grad
    nexts = [each for each, _ in node.next_functions]
    return type(node).__name__, tensor.requires_grad, [None if n is None else type(n).__name__ for n in nexts]


def outcome(torch, known, leaves):
    """Gradients and second gradients of all tensors weighed, or what backward says."""
    try:
        total = sum([(each * (k + 1)).sin().sum() for k, each in enumerate(known) if each.requires_grad])
        if not getattr(total, "requires_grad", False):
            return []
        asked = [leaf for leaf in leaves if leaf.requires_grad]
        grads = torch.autograd.grad(total, asked, create_graph=True, allow_unused=True)
        again = [each.sin().sum() for each in grads if each is not None and each.requires_grad]
        seconds = torch.autograd.grad(sum(again), asked, allow_unused=True) if again else []
        return [_numbers(each) for each in (*grads, *seconds)]
    except RuntimeError as error:
        # what a saved view is an output of depends on which grad_fns PyTorch has let go of
        return re.sub(r"\[torch.*\].* is at|torch::autograd::", "", str(error))


def _numbers(tensor):
    return 0.0 if tensor is None else np.array(tensor.tolist())


@settings(max_examples=150)
@given(steps=STEPS, shape=st.sampled_from([(2, 2), (2, 3), (3,), (2, 2, 2)]), wanted=st.booleans(), asked=st.booleans())
def test_programs_of_views_and_changes(steps, shape, wanted, asked):
    with np.errstate(all="ignore"):
        (ours, mine), (theirs, yours) = (run(side, steps, shape, wanted, asked) for side in (gradviz, torch))
    assert_alike(ours, theirs)
    assert isinstance(mine, str) == isinstance(yours, str), (mine, yours)
    if isinstance(mine, str):
        assert mine == yours
        return
    assert len(mine) == len(yours)
    for one, two in zip(mine, yours, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9, equal_nan=True)


def assert_alike(ours, theirs):
    """The same words, and the same numbers up to rounding."""
    assert len(ours) == len(theirs)
    for mine, yours in zip(ours, theirs, strict=True):
        try:
            one, two = np.array(mine, float), np.array(yours, float)
        except (ValueError, TypeError):
            assert mine == yours
        else:
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9, equal_nan=True)
