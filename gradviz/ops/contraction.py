"""Products that PyTorch composes: outer, inner, tensordot, einsum, kron, chains of matrices."""

import math
from itertools import pairwise

from gradviz.engine.coerce import size_at
from gradviz.engine.dtypes import in_cpp
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import composed
from gradviz.ops import composite, matmul, pointwise, rearranging, reduction
from gradviz.ops import shape as shapes


@composed("outer")
def outer(self, vec2):
    """(N,) and (M,) to (N, M): every product."""
    for name, each in (("self", self), ("vec2", vec2)):
        if each._array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {each._array.ndim}-D")
    return pointwise.mul(composite.view(self, self._array.shape[0], 1), vec2)


ger = outer


@composed("inner")
def inner(self, other):
    """Sums of products over the last dimensions of both."""
    one, two = self._array, other._array
    if one.ndim == 0 or two.ndim == 0:
        return pointwise.mul(self, other)
    if one.shape[-1] != two.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(one.shape)} and {list(two.shape)}"
        )
    return tensordot(self, other, ([-1], [-1]))


@composed("tensordot")
def tensordot(a, b, dims=2):
    """Sums of products over pairs of dimensions: `dims` last of a and first of b, or two lists."""
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a._array.ndim, b._array.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        dims = (range(-dims, 0), range(dims))
    first, second = (([each] if isinstance(each, int) else list(each)) for each in dims)
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if a._array.dtype != b._array.dtype:
        raise RuntimeError("both inputs should have same dtype")
    for k, (one, two) in enumerate(zip(first, second, strict=True)):
        n, m = size_at(a._array, one), size_at(b._array, two)
        first[k], second[k] = one % a._array.ndim, two % b._array.ndim
        if m == 1 != n:
            a = reduction.sum_dim(a, dim=(first[k],), keepdim=True)
        elif n == 1 != m:
            b = reduction.sum_dim(b, dim=(second[k],), keepdim=True)
        elif n != m:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {n} in dim {one} and second has size {m} in "
                f"dim {two}"
            )
    one, two = a._array.shape, b._array.shape
    kept = [d for d in range(len(one)) if d not in first], [d for d in range(len(two)) if d not in second]
    sizes = [one[d] for d in kept[0]] + [two[d] for d in kept[1]]
    common = math.prod(one[d] for d in first)
    left = composite.permute(a, *kept[0], *first)
    if not sizes:
        right = composite.permute(b, *second)
        if len(first) > 1:  # right before left, as PyTorch's compiler has it
            right, left = composite.reshape(right, common), composite.reshape(left, common)
        return composite.view(matmul.dot(left, right))
    left = composite.reshape(left, math.prod(one[d] for d in kept[0]), common)
    right = composite.reshape(composite.permute(b, *second, *kept[1]), common, math.prod(two[d] for d in kept[1]))
    return composite.reshape(matmul.mm(left, right), *sizes)


@composed("kron")
def kron(self, other):
    """The Kronecker product: each element of one times all of the other."""
    one, two = self._array.shape, other._array.shape
    ndim = max(len(one), len(two))
    one, two = (1,) * (ndim - len(one)) + one, (1,) * (ndim - len(two)) + two
    left = shapes.unsafe_view(self, size=tuple(n for size in one for n in (size, 1)))
    right = shapes.unsafe_view(other, size=tuple(n for size in two for n in (1, size)))
    product = pointwise.mul(left, right)
    return shapes.unsafe_view(product, size=tuple(n * m for n, m in zip(one, two, strict=True)))


@composed("chain_matmul")
def chain_matmul(*matrices):
    """The product of matrices, in the cheapest order."""
    for each in matrices:
        if each._array.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {each._array.ndim}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


@composed("linalg.multi_dot")
def multi_dot(tensors):
    """The product of two or more matrices, in the cheapest order; the first and the last may be vectors."""
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(tensors)))
    _refuse_chain(*[each._array for each in tensors[:-1]], last=tensors[-1]._array)
    size = []
    if tensors[0]._array.ndim == 1:
        tensors[0] = composite.unsqueeze(tensors[0], 0)
    else:
        size.append(tensors[0]._array.shape[0])
    if tensors[-1]._array.ndim == 1:
        tensors[-1] = composite.unsqueeze(tensors[-1], -1)
    else:
        size.append(tensors[-1]._array.shape[1])
    return composite.view(_chained(tensors, _split_points(tensors), 0, len(tensors) - 1), *size)


def _refuse_chain(first, *inner, last):
    """RuntimeError, in PyTorch's words, for dimensions, dtypes or sizes that make no chain of matrices."""
    for name, array in (("first", first), ("last", last)):
        if array.ndim not in (1, 2):
            raise RuntimeError(f"multi_dot(): the {name} tensor must be 1D or 2D but got {array.ndim}D")
    for k, array in enumerate(inner, start=1):
        if array.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {k} must be 2D but got {array.ndim}D")
    for k, array in enumerate((*inner, last), start=1):
        if array.dtype != first.dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{in_cpp(first.dtype)} and tensor {k} {in_cpp(array.dtype)}"
            )
    for k, (one, two) in enumerate(pairwise((first, *inner, last))):
        if one.shape[-1] != two.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {k} and {k + 1} with shapes {list(one.shape)} and {list(two.shape)} cannot be "
                "multiplied"
            )


def _split_points(tensors):
    """Where the cheapest order splits matrices i..j, for all i < j: {(i, j): k}."""
    sizes = [each._array.shape[0] for each in tensors] + [tensors[-1]._array.shape[1]]
    cost, split = {(i, i): 0 for i in range(len(tensors))}, {}
    for length in range(1, len(tensors)):
        for i in range(len(tensors) - length):
            j = i + length
            found = [(cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i, j], split[i, j] = min(found)
    return split


def _chained(tensors, split, i, j):
    if i == j:
        return tensors[i]
    k = split[i, j]
    return matmul.mm(_chained(tensors, split, i, k), _chained(tensors, split, k + 1, j))


# -- einsum ------------------------------------------------------------------------------------------


def _letter(number):
    if number is Ellipsis:
        return "..."
    if not 0 <= number < 52:
        raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


def _written(given):
    """(equation, operands) of operands and lists of numbers in turn, the last list being the output's."""
    listed = [",".join("".join(map(_letter, each)) for each in given[1::2])]
    if len(given) % 2:
        return "->".join([*listed, "".join(map(_letter, given[-1]))]), given[:-1:2]
    return listed[0], given[::2]


@composed("einsum")
def einsum(equation, *operands):
    """Sums of products by subscripts: "ij,jk->ik", or `a, [0, 1], b, [1, 2], [0, 2]`; expands as in PyTorch.

    Source: at::einsum and sumproduct_pair in ATen's Linear.cpp; pairs are taken from left to right.
    """
    if isinstance(equation, Tensor):
        equation, operands = _written((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = operands[0]
    if not operands:
        raise ValueError("einsum(): must provide at least one operand")
    places, shown, count, spread = _places(equation, operands)
    lined = [_lined_up(each, labels, places, count, spread) for each, labels in zip(operands, shown[:-1], strict=True)]
    left_out = [spread - _covered(each, labels) for each, labels in zip(operands, shown[:-1], strict=True)]
    _check_sizes(lined, places, left_out)
    kept = len(shown[-1]) + (spread - 1) * ("." in shown[-1])
    uses = [sum(each._array.shape[d] != 1 for each in lined) for d in range(count)]
    first = lined[0]
    for second in lined[1:]:
        first = _product_of_two(first, second, range(kept, count), uses)
    if count == kept:
        return first
    if len(lined) > 1:
        return composite.view(first, *first._array.shape[:kept])
    return reduction.sum_dim(first, dim=tuple(range(kept, count)))


def _places(equation, operands):
    """({label: its dimension}, labels of each operand and the output, dimensions, how many "..." stands for)."""
    left, arrow, right = equation.replace(" ", "").replace("...", ".").partition("->")
    shown = left.split(",")
    if len(shown) != len(operands):
        more = "fewer" if len(shown) > len(operands) else "more"
        raise RuntimeError(f"einsum(): {more} operands were provided than specified in the equation")
    wrong = next((each for each in left.replace(",", "") + right if not (each.isalpha() or each == ".")), None)
    if wrong is not None:
        raise RuntimeError(f"einsum(): invalid subscript given at index {equation.index(wrong)} in the equation string, subscripts must be in [a-zA-Z]")  # noqa: E501
    spread = 0
    for position, (labels, each) in enumerate(zip(shown, operands, strict=True)):
        extra = _covered(each, labels)
        if extra < 0 or (extra and "." not in labels):
            hint = "" if "." in labels else " and no ellipsis was given"
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(labels.replace('.', ''))}) "
                f"{'is more than' if '.' in labels else 'does not match'} the number of dimensions "
                f"({each._array.ndim}) for operand {position}{hint}"
            )
        spread = max(spread, extra)
    used = sorted(set(left) - {",", "."})
    if not arrow:
        right = ("." if "." in left else "") + "".join(each for each in used if left.count(each) == 1)
    for each in right:
        if right.count(each) > 1 and each != ".":
            raise RuntimeError(f"einsum(): output subscript {each} appears more than once in the output")
        if each not in left and each != ".":
            raise RuntimeError(f"einsum(): output subscript {each} does not appear in the equation for any input operand")  # noqa: E501
    places, count = {}, 0
    for each in dict.fromkeys([*right, *("." if spread else ""), *used]):
        places[each] = count
        count += spread if each == "." else 1
    return places, [*shown, right], count, spread


def _covered(operand, labels):
    """How many of an operand's dimensions "..." stands for."""
    return operand._array.ndim - len(labels.replace(".", ""))


def _lined_up(operand, labels, places, count, spread):
    """An operand with one dimension for every place, of size 1 where it has none."""
    order, dim = [None] * count, 0
    covered = _covered(operand, labels)
    for label in labels:
        if label == ".":
            for k in range(covered):
                order[places["."] + spread - covered + k] = dim
                dim += 1
        elif order[places[label]] is None:
            order[places[label]] = dim
            dim += 1
        else:
            before = order[places[label]]
            n, m = operand._array.shape[before], operand._array.shape[dim]
            if n != m:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand 0 but the sizes don't match, {m} != {n}"
                )
            operand = rearranging.diagonal(operand, offset=0, dim1=before, dim2=dim)
            last = operand._array.ndim - 1
            operand = composite.permute(operand, *range(before), last, *range(before, last))
    for place, each in enumerate(order):
        if each is None:
            operand = composite.unsqueeze(operand, -1)
            order[place], dim = dim, dim + 1
    return composite.permute(operand, *order)


def _product_of_two(a, b, contracted, uses):
    """Two lined-up operands made one; what no later operand has is summed up."""
    sums, alone = [], ([], [])
    for d in contracted:
        n, m = a._array.shape[d], b._array.shape[d]
        if n != 1 and m != 1:
            uses[d] -= 1
            if uses[d] == 1:
                sums.append(d)
                uses[d] = 0
        elif uses[d] == 1 and (n != 1 or m != 1):
            alone[0 if n != 1 else 1].append(d)
            uses[d] = 0
    a = reduction.sum_dim(a, dim=tuple(alone[0]), keepdim=True) if alone[0] else a
    b = reduction.sum_dim(b, dim=tuple(alone[1]), keepdim=True) if alone[1] else b
    return _pair(a, b, sums) if sums else pointwise.mul(a, b)


def _check_sizes(lined, places, left_out):
    """RuntimeError unless operands that are lined up have the same sizes, or 1, in all dimensions.

    left_out: of the dimensions that "..." stands for, how many an operand has not.
    """
    labels = {place: label for label, place in places.items()}
    seen = [1] * lined[0]._array.ndim
    for position, operand in enumerate(lined):
        for place, n in enumerate(operand._array.shape):
            if 1 in (n, seen[place]) or n == seen[place]:
                seen[place] = max(n, seen[place]) if n else 0
                continue
            label, before = labels.get(place, "."), seen[place]
            if label != ".":
                raise RuntimeError(
                    f"einsum(): subscript {label} has size {n} for operand {position} which does not broadcast with "
                    f"previously seen size {before}"
                )
            own = place - places["."] - left_out[position]
            raise RuntimeError(
                f"einsum(): dimension {own} covered by ellipsis in operand {position}has size {n} "
                f"which does not broadcast with previously seen ellipsis with size {before} for the "
                "respective dimension"
            )


def _pair(a, b, sums):
    """As one bmm: (both, only a, summed) @ (both, summed, only b)."""
    one, two = a._array.shape, b._array.shape
    rest = [d for d in range(len(one)) if d not in sums]
    both = [d for d in rest if one[d] != 1 and two[d] != 1]
    only_a = [d for d in rest if one[d] != 1 and two[d] == 1]
    only_b = [d for d in rest if one[d] == 1]
    if only_a and only_b and max(only_b) < min(only_a):
        return _pair(b, a, sums)  # so that the product needs no permuting
    sizes = [math.prod(one[d] for d in dims) for dims in (both, only_a, sums)]
    last = math.prod(two[d] for d in only_b)
    left = composite.reshape(composite.permute(a, *both, *only_a, *sums, *only_b), *sizes)
    right = composite.reshape(composite.permute(b, *both, *sums, *only_b, *only_a), sizes[0], sizes[2], last)
    order = [*both, *only_a, *sums, *only_b]
    shape = [one[d] for d in both] + [one[d] for d in only_a] + [1 for _ in sums] + [two[d] for d in only_b]
    product = composite.view(matmul.bmm(left, right), *shape)
    return composite.permute(product, *map(order.index, range(len(order))))


__all__ = ["chain_matmul", "einsum", "ger", "inner", "kron", "outer", "tensordot"]
METHODS = ["ger", "inner", "kron", "outer"]
