"""Write PyTorch's public names, room by room: python -m tests.reference.make_names"""

import json
import types
from pathlib import Path

import torch
import torch.nn.functional
import torch.nn.utils.parametrizations
import torch.nn.utils.parametrize
import torch.nn.utils.rnn
import torch.optim.lr_scheduler
import torch.optim.swa_utils
import torch.utils.data

ROOMS = {
    "nnkit": torch.nn,
    "nnkit.functional": torch.nn.functional,
    "nnkit.init": torch.nn.init,
    "nnkit.optim": torch.optim,
    "nnkit.optim.lr_scheduler": torch.optim.lr_scheduler,
    "nnkit.optim.swa_utils": torch.optim.swa_utils,
    "nnkit.utils": torch.nn.utils,
    "nnkit.utils.parametrizations": torch.nn.utils.parametrizations,
    "nnkit.utils.parametrize": torch.nn.utils.parametrize,
    "nnkit.utils.rnn": torch.nn.utils.rnn,
    "nnkit.data": torch.utils.data,
}
MEMBERS = {
    "nnkit.Module": torch.nn.Module,
    "nnkit.Sequential": torch.nn.Sequential,
    "nnkit.ModuleList": torch.nn.ModuleList,
    "nnkit.ModuleDict": torch.nn.ModuleDict,
    "nnkit.ParameterList": torch.nn.ParameterList,
    "nnkit.ParameterDict": torch.nn.ParameterDict,
    "nnkit.optim.Optimizer": torch.optim.Optimizer,
    "nnkit.optim.lr_scheduler.LRScheduler": torch.optim.lr_scheduler.LRScheduler,
    "nnkit.optim.swa_utils.AveragedModel": torch.optim.swa_utils.AveragedModel,
}
# What modules import for themselves, and what serves the overriding of functions.
INTERNAL = {
    *("Callable", "DType", "Optional", "ScalingType", "SwizzleType", "Tensor", "Optimizer"),
    *("assert_int_or_pair", "boolean_dispatch", "handle_torch_function", "has_torch_function"),
    *("has_torch_function_unary", "has_torch_function_variadic", "LRScheduler", "CustomClassBase"),
    *("get_swap_module_params_on_conversion", "is_opaque_symbolic_type", "ref", "bisect_right"),
    *("is_traceable_wrapper_subclass", "bind", "copy_method_params", "PackedSequence_"),
    "swap_in_optimizer_params_and_state",
}


def names(room):
    for name in sorted({*dir(room), *getattr(room, "__all__", ())}):
        value = getattr(room, name, None)
        home = str(getattr(value, "__module__", ""))
        if name.startswith("_") or not callable(value) or name in INTERNAL:
            continue
        if isinstance(value, types.ModuleType) or home.startswith(("typing", "collections")):
            continue
        if home.startswith("torch") or isinstance(value, types.BuiltinFunctionType):
            yield name


def members(kind):
    base = object if kind is torch.nn.Module else torch.nn.Module
    inherited = dir(base) if issubclass(kind, base) else dir(object)
    return [name for name in dir(kind) if not name.startswith("_") and name not in inherited]


if __name__ == "__main__":
    found = {home: list(names(room)) for home, room in ROOMS.items()}
    found |= {home: members(kind) for home, kind in MEMBERS.items()}
    lines = [f"{json.dumps(home)}: {json.dumps(each)}" for home, each in found.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("torch_names.json").write_text(text)
