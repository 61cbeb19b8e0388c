"""L-BFGS: steps by an inverse Hessian that the last gradients tell: Nocedal and Wright (2006), algorithm 7.5."""

from gradviz.engine.switches import enable_grad, no_grad
from gradviz.ops import composite, indexing, stacking
from gradviz.optim.line_search import Point, strong_wolfe
from gradviz.optim.optimizer import Optimizer, refuse_negative


class LBFGS(Optimizer):
    """Moves all parameters as one vector; `step` takes a closure that computes the loss anew and its gradients."""

    def __init__(
        self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=100,
        line_search_fn=None,
    ):  # fmt: skip
        refuse_negative(learning_rate=lr)
        super().__init__(
            params,
            {
                "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    def _gradient(self):
        parts = [each.new_zeros(each.numel()) if each._grad is None else each._grad for each in self._params]
        return stacking.cat([composite.view(each, -1) for each in parts])

    def _move(self, length, direction):
        start = 0
        for each in self._params:
            part = indexing.slice(direction, dim=0, start=start, end=start + each.numel(), step=1)
            each.add_(part.view(each.shape), alpha=float(length))
            start += each.numel()

    @no_grad()
    def step(self, closure):
        """Up to max_iter moves; returns the loss before them."""
        closure, group = enable_grad()(closure), self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, evaluated = float(first), 1
        state["func_evals"] += 1
        gradient = self._gradient()
        if gradient.abs().max() <= group["tolerance_grad"]:
            return first
        for count in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(gradient, state, group["history_size"])
            before, state["prev_flat_grad"] = loss, gradient.clone()
            length = group["lr"]
            if state["n_iter"] == 1:
                length = min(1.0, 1.0 / gradient.abs().sum()) * length
            state["d"], state["t"], state["prev_loss"] = direction, length, before
            slope = gradient.dot(direction)
            if slope > -group["tolerance_change"]:
                break
            if group["line_search_fn"] is not None:
                start = Point(0, loss, gradient, slope)
                point, tried = self._search(closure, start, length, direction, group["max_eval"] - evaluated)
                length, loss, gradient, _ = point
                state["t"] = length
                self._move(length, direction)
            else:
                self._move(length, direction)
                if count == group["max_iter"]:
                    break
                loss, gradient, tried = float(closure()), self._gradient(), 1
            evaluated += tried
            state["func_evals"] += tried
            if count == group["max_iter"] or evaluated >= group["max_eval"]:
                break
            if self._settled(gradient, direction * length, loss - before, group):
                break
        return first

    def _search(self, closure, start, length, direction, most):
        """(a Point that meets the strong Wolfe conditions, how many were tried); the parameters stay where they are."""
        group, kept = self.param_groups[0], [each.clone() for each in self._params]
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")

        def evaluate(step):
            self._move(step, direction)
            loss, gradient = float(closure()), self._gradient()
            for each, values in zip(self._params, kept, strict=True):
                each.copy_(values)
            return Point(step, loss, gradient, gradient.dot(direction))

        return strong_wolfe(evaluate, start, length, direction.abs().max(), group["tolerance_change"], most)

    def _settled(self, gradient, moved, gained, group):
        least = group["tolerance_change"]
        return gradient.abs().max() <= group["tolerance_grad"] or moved.abs().max() <= least or abs(gained) < least

    def _direction(self, gradient, state, history_size):
        """Against the gradient, by the inverse Hessian that the last steps tell."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return gradient.neg()
        changes, steps, shares = state["old_dirs"], state["old_stps"], state["ro"]
        change, step = gradient.sub(state["prev_flat_grad"]), state["d"].mul(state["t"])
        along = change.dot(step)
        if along > 1e-10:
            if len(changes) == history_size:
                for each in (changes, steps, shares):
                    each.pop(0)
            changes.append(change)
            steps.append(step)
            shares.append(1.0 / along)
            state["H_diag"] = along / change.dot(change)
        found, weights = gradient.neg(), state.setdefault("al", [None] * history_size)
        for k in reversed(range(len(changes))):
            weights[k] = steps[k].dot(found) * shares[k]
            found.add_(changes[k], alpha=-float(weights[k]))
        found = found * state["H_diag"]
        for k, change in enumerate(changes):
            found.add_(steps[k], alpha=float(weights[k] - change.dot(found) * shares[k]))
        return found
