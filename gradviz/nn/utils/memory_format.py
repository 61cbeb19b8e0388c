"""The weights of convolutions laid out otherwise in memory."""

from gradviz.nn import convolutions, volumes


def _converted(module, kinds, memory_format):
    for each in module.modules():
        if isinstance(each, kinds):
            each.weight.data = each.weight.detach().clone(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module, memory_format):
    """Lays out the weights of convolutions of planes, here and inside; returns the module."""
    return _converted(module, (convolutions.Conv2d, convolutions.ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module, memory_format):
    """Lays out the weights of convolutions of volumes, here and inside; returns the module."""
    return _converted(module, (convolutions.Conv3d, volumes.ConvTranspose3d), memory_format)
