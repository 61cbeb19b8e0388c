"""What all optimizers share: parameter groups, their state, and saving both."""

from collections import defaultdict
from copy import deepcopy

from gradviz.engine.dtypes import title
from gradviz.engine.switches import mode, no_grad
from gradviz.engine.tensor import Tensor
from gradviz.engine.within import Within


class Optimizer:
    """Parameters in groups, each with settings of its own; a subclass says how one parameter moves."""

    def __init__(self, params, defaults):
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{title(params._array.dtype)}Tensor"
            )
        self.defaults, self.param_groups, self.state = defaults, [], defaultdict(dict)
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group):
        """Adds a group: {"params": ..., and settings other than the defaults}."""
        given = param_group["params"]
        group = {**param_group, "params": [given] if isinstance(given, Tensor) else list(given)}
        for each in group["params"]:
            if isinstance(each, tuple) and len(each) == 2:  # (name, parameter)
                each = each[1]
            if not isinstance(each, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(each).__name__}")
            if not each.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        group["params"] = [each[1] if isinstance(each, tuple) else each for each in group["params"]]
        known = {id(each) for other in self.param_groups for each in other["params"]}
        if any(id(each) in known for each in group["params"]):
            raise ValueError("some parameters appear in more than one parameter group")
        for name, value in self.defaults.items():
            group.setdefault(name, value)
        self.param_groups.append(group)
        if mode.observer is not None:
            mode.observer.optimized(self, group["params"])

    def __repr__(self):
        text = type(self).__name__ + " ("
        for position, group in enumerate(self.param_groups):
            text += f"\nParameter Group {position}\n"
            text += "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
        return text + ")"

    def zero_grad(self, set_to_none=True):
        """Forgets the gradients: .grad becomes None, or zeros."""
        for group in self.param_groups:
            for each in group["params"]:
                if each._grad is not None:
                    each.grad = None if set_to_none else each._grad.detach().zero_()

    def step(self, closure=None):
        """Moves each parameter that has a gradient; with a closure, which computes the loss anew, returns that."""
        loss = closure() if closure is not None else None
        if mode.observer is not None:
            mode.observer.stepped(self)
        with no_grad(), Within(f"{type(self).__name__}.step", aside=True):
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter._grad is not None:
                        self.move(parameter, group, self.state[parameter])
                        if mode.observer is not None:
                            mode.observer.keeps(self.state[parameter])
        return loss

    def move(self, parameter, group, state):
        """Moves one parameter by its gradient; written by the subclass."""
        raise NotImplementedError

    def _numbered(self):
        everything = [each for group in self.param_groups for each in group["params"]]
        return {id(each): number for number, each in enumerate(everything)}, everything

    def state_dict(self):
        """The state and the groups, parameters by number."""
        numbers, _ = self._numbered()
        groups = []
        for group in self.param_groups:
            settings = {name: value for name, value in group.items() if name != "params"}
            groups.append({**settings, "params": [numbers[id(each)] for each in group["params"]]})  # last, as PyTorch
        state = {numbers.get(id(each), each): state for each, state in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Takes over what state_dict gave."""
        groups = deepcopy(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        pairs = list(zip(self.param_groups, groups, strict=True))
        if any(len(own["params"]) != len(given["params"]) for own, given in pairs):
            raise ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group")  # noqa: E501
        _, everything = self._numbered()
        numbers = [number for given in groups for number in given["params"]]
        by_number = dict(zip(numbers, everything, strict=True))
        self.state = defaultdict(dict)
        for number, state in state_dict["state"].items():
            parameter = by_number.get(number, number)
            self.state[parameter] = {name: _fitted(name, value, parameter) for name, value in state.items()}
        for own, given in pairs:
            own.update({name: value for name, value in given.items() if name != "params"})


def _fitted(name, value, parameter):
    """A loaded value in the dtype and on the device of its parameter; shared where it is so already, as in PyTorch."""
    if not isinstance(value, Tensor) or not isinstance(parameter, Tensor) or name == "step":
        return value
    return value.to(parameter) if parameter.is_floating_point() else value.to(parameter.device)


def refuse_negative(**values):
    """ValueError, in PyTorch's words, for a setting below 0: learning_rate, or NAME_value."""
    for name, value in values.items():
        if value < 0:
            shown = "learning rate" if name == "learning_rate" else f"{name.removesuffix('_value')} value"
            raise ValueError(f"Invalid {shown}: {value}")
