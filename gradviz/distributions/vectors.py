"""Distributions of vectors: the multivariate normal one, and others put side by side."""

from math import log, pi

from gradviz.distributions import constraints
from gradviz.distributions.distribution import Distribution, checked, lazy_property, standard_normal, sum_rightmost
from gradviz.engine.asking import broadcast_shapes
from gradviz.linalg import cholesky, inv, solve_triangular

_FORMS = ("covariance_matrix", "precision_matrix", "scale_tril")


class MultivariateNormal(Distribution):
    """Normal vectors of mean `loc` (*, N), by one of three (*, N, N) matrices; ValueError unless one is given."""

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None):
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = dict(zip(_FORMS, (covariance_matrix, precision_matrix, scale_tril), strict=True))
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
            )  # fmt: skip
        ((name, matrix),) = given.items()
        if matrix.ndim < 2:
            title = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{title} must be at least two-dimensional, with optional leading batch dimensions")
        batch = tuple(broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]))
        setattr(self, name, matrix.expand((*batch, -1, -1)))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        if name == "covariance_matrix":
            matrix = cholesky(matrix)
        elif name == "precision_matrix":
            matrix = _inverse_of_cholesky(matrix)
        self._unbroadcasted_scale_tril = matrix

    @lazy_property
    def scale_tril(self):
        """The lower triangle whose product with its transpose is the covariance."""
        return self._spread(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        return self._spread(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return self._spread(inv(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT))

    @property
    def mean(self):
        """loc."""
        return self.loc

    mode = mean

    @property
    def variance(self):
        """The covariance's diagonal."""
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape=()):
        """`loc + scale_tril @ eps`, with eps standard normal."""
        eps = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._unbroadcasted_scale_tril @ eps.unsqueeze(-1)).squeeze(-1)

    @checked
    def log_prob(self, value):
        """The logarithm of the density."""
        distance = _squared_distance(self._unbroadcasted_scale_tril, value - self.loc)
        return -0.5 * (self._event_shape[0] * log(2 * pi) + distance) - self._half_log_det()

    def entropy(self):
        """In nats."""
        found = 0.5 * self._event_shape[0] * (1.0 + log(2 * pi)) + self._half_log_det()
        return found.expand(tuple(self._batch_shape)) if self._batch_shape else found

    def _half_log_det(self):
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def _spread(self, matrix):
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))


def _inverse_of_cholesky(precision):
    """The triangle of a covariance, from that of its inverse with both dims turned round."""
    turned = cholesky(precision.flip(-2, -1)).flip(-2, -1).transpose(-2, -1)
    one = precision.new_zeros(tuple(precision.shape[-2:])).fill_diagonal_(1.0)
    return solve_triangular(turned, one, upper=False)


def _squared_distance(triangle, vectors):
    """Of vectors (*, N) from 0, in units of a covariance (Mahalanobis)."""
    return solve_triangular(triangle, vectors.unsqueeze(-1), upper=False).squeeze(-1).pow(2).sum(-1)


def kl_of_normal_vectors(p, q):
    """KL(p || q) of two multivariate normal distributions; ValueError for vectors of two sizes."""
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with                          different event shapes "
            "cannot be computed"
        )
    ours, theirs = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    batch = tuple(broadcast_shapes(theirs.shape[:-2], ours.shape[:-2]))
    size = tuple(p.event_shape) * 2
    ratio = solve_triangular(theirs.expand((*batch, *size)), ours.expand((*batch, *size)), upper=False)
    distance = _squared_distance(theirs, q.loc - p.loc)
    return q._half_log_det() - p._half_log_det() + 0.5 * (ratio.pow(2).sum((-2, -1)) + distance - p.event_shape[0])


class Independent(Distribution):
    """Another distribution, some of whose batch dims count as dims of one event."""

    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        batch = base_distribution.batch_shape
        if reinterpreted_batch_ndims > len(batch):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {len(batch)}"
            )
        left = len(batch) - reinterpreted_batch_ndims
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        event = (*batch[left:], *base_distribution.event_shape)
        super().__init__(batch[:left], event, validate_args=validate_args)

    def expand(self, batch_shape):
        """The same distributions, spread over a larger batch."""
        base = self.base_dist.expand((*batch_shape, *self.event_shape[: self.reinterpreted_batch_ndims]))
        return Independent(base, self.reinterpreted_batch_ndims, validate_args=self._validate_args)

    @property
    def has_rsample(self):
        """As the other one."""
        return self.base_dist.has_rsample

    @property
    def support(self):
        """As of the other one, with more dims."""
        found = self.base_dist.support
        return constraints.independent(found, self.reinterpreted_batch_ndims) if self.event_shape else found

    @property
    def mean(self):
        """As of the other one."""
        return self.base_dist.mean

    @property
    def mode(self):
        """As of the other one."""
        return self.base_dist.mode

    @property
    def variance(self):
        """As of the other one."""
        return self.base_dist.variance

    def sample(self, sample_shape=()):
        """Random values, outside any graph."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape=()):
        """Random values as functions of the parameters."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value):
        """Summed over the dims of the event."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self):
        """Summed over the dims of the event."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self):
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
