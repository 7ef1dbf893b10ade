"""Every public name of PyTorch is here, or there is a reason that the error tells."""

import importlib

import pytest

import nnkit
from nnkit.absent import ABSENT
from tests.reference import stored

NAMES = stored("torch_names")
TYPES = "there are no devices and no shared memory; dtypes: to(), float(), double(), half()"
STATE_HOOKS = "change the dict that state_dict() returns, or before load_state_dict()"
MEMBERS_ABSENT = {
    "T_destination": "a type variable",
    "OptimizerPostHook": "a type",
    "OptimizerPreHook": "a type",
    "bfloat16": "NumPy has no bfloat16; files with it are read",
    "call_super_init": "a setting of PyTorch's own classes",
    "compile": "autograd_core.compile works on functions, a training step among them",
    **dict.fromkeys(("cuda", "ipu", "mtia", "xpu", "share_memory", "to_empty", "type"), TYPES),
    "dump_patches": "a setting of PyTorch's file format",
    "get_extra_state": "state dicts hold arrays: register_buffer",
    "set_extra_state": "state dicts hold arrays: register_buffer",
    "profile_hook_step": "a part of PyTorch's profiler",
    "register_backward_hook": "deprecated: register_full_backward_hook",
    **dict.fromkeys(
        (
            "register_load_state_dict_post_hook",
            "register_load_state_dict_pre_hook",
            "register_state_dict_post_hook",
            "register_state_dict_pre_hook",
        ),
        STATE_HOOKS,
    ),
}


def found(path):
    owner = nnkit
    for part in path.split(".")[1:]:
        owner = getattr(owner, part)
    return owner


ROOMS = [home for home in NAMES if home in ABSENT or not home.split(".")[-1][0].isupper()]
CLASSES = [home for home in NAMES if home not in ROOMS]


@pytest.mark.parametrize("home", ROOMS)
def test_each_name_is_there_or_has_a_reason(home):
    room, reasons = found(home), ABSENT.get(home, {})
    missing = {name for name in NAMES[home] if not hasattr(room, name)}
    assert missing - set(reasons) == set()
    assert set(reasons) & (set(NAMES[home]) - missing) == set(), (
        "it is there, so it needs no reason"
    )


@pytest.mark.parametrize("home", CLASSES)
def test_each_member_is_there_or_has_a_reason(home):
    missing = {name for name in NAMES[home] if not hasattr(found(home), name)}
    assert missing - set(MEMBERS_ABSENT) == set()


@pytest.mark.parametrize(
    ("home", "name"), [(home, name) for home, reasons in ABSENT.items() for name in reasons]
)
def test_the_error_tells_the_reason(home, name):
    with pytest.raises(AttributeError) as caught:
        getattr(importlib.import_module(home), name)
    assert f"{home!r} has no attribute {name!r}: {ABSENT[home][name]}." == str(caught.value)[7:]


def test_what_nobody_knows_is_simply_not_there():
    with pytest.raises(AttributeError, match=r"module 'nnkit' has no attribute 'Linaer'$"):
        nnkit.Linaer  # noqa: B018
