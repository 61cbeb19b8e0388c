"""The engine: tensors, ops declared once, and backward."""

import warnings

# NumPy warns of log(0) and its like where PyTorch quietly computes -inf. Only what this package computes is
# silenced: np.errstate would cost every op a third of its time, np.seterr would reach into the user's own NumPy.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"gradviz\.(engine|ops)\b")
