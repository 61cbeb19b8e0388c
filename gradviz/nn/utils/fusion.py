"""A normalization that is done learning put into the layer before it."""

from copy import deepcopy

from gradviz.engine import likeness
from gradviz.nn.module import Parameter
from gradviz.ops.elementary import rsqrt


def _refuse_training(*modules):
    if any(each.training for each in modules):
        raise AssertionError("Fusion only for eval!")


def _refuse_none(bn):
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """A copy of a convolution that does what both do, one after the other."""
    _refuse_training(conv, bn)
    fused = deepcopy(conv)
    _refuse_none(bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """The weight and the bias of a convolution with a normalization in them."""
    kind = conv_w.dtype, conv_w.dtype if conv_b is None else conv_b.dtype
    conv_b = likeness.zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = likeness.ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = likeness.zeros_like(bn_rm) if bn_b is None else bn_b
    scale = rsqrt(bn_rv + bn_eps)
    shape = [1, -1] if transpose else [-1, 1]
    weight = conv_w * (bn_w * scale).reshape([*shape, *(1,) * (conv_w.ndim - 2)])
    bias = (conv_b - bn_rm) * scale * bn_w + bn_b
    return Parameter(weight.to(kind[0]), conv_w.requires_grad), Parameter(bias.to(kind[1]), conv_b.requires_grad)


def fuse_linear_bn_eval(linear, bn):
    """A copy of a linear layer that does what both do, one after the other."""
    _refuse_training(linear, bn)
    fused = deepcopy(linear)
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features="
            f"{linear.out_features} and bn.num_features={bn.num_features}"
        )
    _refuse_none(bn)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """The weight and the bias of a linear layer with a normalization in them."""
    kind = linear_w.dtype, linear_w.dtype if linear_b is None else linear_b.dtype
    linear_b = likeness.zeros_like(bn_rm) if linear_b is None else linear_b
    scale = bn_w * rsqrt(bn_rv + bn_eps)
    weight = linear_w * scale.unsqueeze(-1).to(kind[0])
    bias = ((linear_b - bn_rm) * scale + bn_b).to(kind[1])
    return Parameter(weight, linear_w.requires_grad), Parameter(bias, linear_b.requires_grad)
