"""Embedding: a table of vectors, picked by number."""

from gradviz.engine import random
from gradviz.engine.backend import moved
from gradviz.engine.switches import mode
from gradviz.engine.tensor import Tensor
from gradviz.nn import functional as F
from gradviz.nn.factory import factory
from gradviz.nn.module import Module, Parameter


@factory
class Embedding(Module):
    """Rows of weight (num_embeddings, embedding_dim), picked by number; normal at first, zeros for padding_idx."""

    def __init__(
        self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
        sparse=False, _weight=None, _freeze=False,
    ):  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None:
            assert -num_embeddings <= padding_idx < num_embeddings, "Padding_idx must be within num_embeddings"
            padding_idx %= num_embeddings
        self.padding_idx, self.max_norm, self.norm_type = padding_idx, max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if _weight is None:
            array = random.normal((num_embeddings, embedding_dim), mode.default_dtype.numpy)
            if padding_idx is not None:
                array[padding_idx] = 0
            _weight = Tensor(moved(array, mode.default_device))
        else:
            assert list(_weight.shape) == [num_embeddings, embedding_dim], (
                "Shape of weight does not match num_embeddings and embedding_dim"
            )
        self.weight = Parameter(_weight, requires_grad=not _freeze)

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None, **settings):
        """An Embedding of given vectors, frozen unless asked."""
        assert embeddings.dim() == 2, "Embeddings parameter is expected to be 2-dimensional"
        return cls(*embeddings.shape, padding_idx=padding_idx, _weight=embeddings, _freeze=freeze, **settings)

    def forward(self, input):
        """(...) class numbers to (..., embedding_dim)."""
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self):
        """As PyTorch prints it."""
        said = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            said += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            said += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            said += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            said += ", scale_grad_by_freq=True"
        return said
