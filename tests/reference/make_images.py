"""Write the reference values of operations on images with PyTorch: python -m tests.reference.make_images

Inputs are `field(shape, number)`, results are stored as `digest`. Only needed where a case is added.
"""  # noqa: E501

import inspect
import itertools
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from tests.reference.fields import digest, field

FOLDER = Path(__file__).parent


def case(op, shapes, positive=False, **kwargs):
    """Value of an operation, its indices if there are, and its gradient for each operand."""
    torch_kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()}
    operands = [
        torch.tensor(field(shape, i, positive), requires_grad=True)
        for i, shape in enumerate(shapes)
    ]
    if "running_mean" in torch_kwargs:
        torch_kwargs["running_mean"] = torch.tensor(field([4], 6))
        torch_kwargs["running_var"] = torch.tensor(field([4], 7, True))
    if "_random_samples" in torch_kwargs:
        samples = field(kwargs["_random_samples"], 5, True) / 2.2
        torch_kwargs["_random_samples"] = torch.tensor(samples)
    first, *others = operands
    names = ("grid",) if op == "grid_sample" else ("weight", "bias")
    named = dict(zip(names, others, strict=False))
    y = getattr(F, op)(first, **named, **torch_kwargs)
    found = dict(op=op, shapes=shapes, kwargs=kwargs)
    if positive:
        found["positive"] = True
    if isinstance(y, tuple):
        y, places = y
        found["places"] = digest(places.numpy())
    (y * torch.tensor(field(tuple(y.shape), 9))).sum().backward()
    found["shape"] = list(y.shape)
    if "running_mean" in kwargs:
        found["statistics"] = [torch_kwargs[k].tolist() for k in ("running_mean", "running_var")]
    found["value"] = digest(y.detach().numpy())
    found["grads"] = [digest(x.grad.numpy()) for x in operands]
    return found


SIZES = {1: [7], 2: [6, 7], 3: [4, 5, 4]}
KERNELS = {1: [3], 2: [3, 2], 3: [2, 3, 2]}


def convolutions():
    for n in (1, 2, 3):
        x = [2, 4, *SIZES[n]]
        settings = itertools.product((1, 2), (0, 1, 2), (1, 2), (1, 2))
        for stride, padding, dilation, groups in settings:
            if n == 3 and dilation == 2 and not padding:
                continue
            w = [6, 4 // groups, *KERNELS[n]]
            kwargs = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
            yield case(f"conv{n}d", [x, w, [6]], **kwargs)
            if n < 3 or stride != dilation:
                w = [4, 6 // groups, *KERNELS[n]]
                kwargs["output_padding"] = 1 if max(stride, dilation) > 1 else 0
                yield case(f"conv_transpose{n}d", [x, w, [6 // groups * groups]], **kwargs)
        yield case(f"conv{n}d", [x, [8, 1, *KERNELS[n]]], groups=4)
        yield case(f"conv_transpose{n}d", [x, [4, 2, *KERNELS[n]]], groups=4)
        yield case(f"conv{n}d", [x[1:], [3, 4, *KERNELS[n]]])
        yield case(f"conv_transpose{n}d", [x[1:], [4, 3, *KERNELS[n]]])
        for padding, dilation in itertools.product(("same", "valid"), (1, 2)):
            kwargs = dict(padding=padding, dilation=dilation)
            if n < 3 or padding == "same":
                yield case(f"conv{n}d", [x, [3, 4, *KERNELS[n]]], **kwargs)
    yield case("conv2d", [[1, 3, 9, 8], [4, 3, 3, 2], [4]], stride=[2, 3], padding=[2, 1])
    yield case("conv2d", [[2, 9, 6, 6], [8, 9, 1, 1], [8]])
    yield case("conv2d", [[2, 9, 8, 8], [8, 9, 3, 3], [8]], padding=1)
    yield case("conv_transpose2d", [[1, 3, 4, 3], [3, 4, 3, 2]], stride=[2, 3], padding=[2, 1])
    for kwargs in (
        dict(kernel_size=2),
        dict(kernel_size=[3, 2], dilation=[1, 2], padding=[1, 2], stride=[2, 1]),
    ):
        yield case("unfold", [[2, 3, 6, 5]], **kwargs)
        places = F.unfold(torch.zeros(1, 1, 6, 5), **kwargs).shape[-1]
        k = 4 if kwargs["kernel_size"] == 2 else 6
        yield case("fold", [[2, 3 * k, places]], output_size=[6, 5], **kwargs)


def poolings():
    for n in (1, 2, 3):
        x = [2, 3, *SIZES[n]]
        for k, s, p, ceil in itertools.product((2, 3), (None, 1, 2), (0, 1), (False, True)):
            if n == 3 and s == 1:
                continue
            kwargs = dict(kernel_size=k, stride=s, padding=p, ceil_mode=ceil)
            yield case(f"max_pool{n}d", [x], **kwargs, return_indices=True)
            yield case(f"avg_pool{n}d", [x], **kwargs, count_include_pad=bool(k % 2))
            if n > 1 and p:
                yield case(f"avg_pool{n}d", [x], **kwargs, divisor_override=3)
            if not p:
                del kwargs["padding"]
                yield case(f"lp_pool{n}d", [x], positive=True, norm_type=k, **kwargs)
        yield case(f"max_pool{n}d", [x], kernel_size=2, dilation=2, stride=1, padding=1)
        yield case(f"max_pool{n}d", [x[1:]], kernel_size=2, return_indices=True)
        yield case(f"avg_pool{n}d", [x[1:]], kernel_size=2)
        for size in (1, 2, 3, 4):
            yield case(f"adaptive_avg_pool{n}d", [x], output_size=size)
            yield case(f"adaptive_max_pool{n}d", [x], output_size=size, return_indices=True)
        yield case(f"adaptive_avg_pool{n}d", [x[1:]], output_size=9)
        if n > 1:
            size = [None, *range(2, n + 1)]
            yield case(f"adaptive_avg_pool{n}d", [x], output_size=size)
            yield case(f"adaptive_max_pool{n}d", [x[1:]], output_size=size, return_indices=True)
            settings = dict(kernel_size=2, _random_samples=[2, 3, n], return_indices=True)
            yield case(f"fractional_max_pool{n}d", [x], output_size=[2, 3, 2][:n], **settings)
            yield case(f"fractional_max_pool{n}d", [x], output_ratio=[0.6] * n, **settings)


def paddings():
    shapes = {1: [2, 3, 5], 2: [2, 3, 5, 4], 3: [1, 2, 4, 5, 3]}
    for mode, n in itertools.product(("constant", "reflect", "replicate", "circular"), (1, 2, 3)):
        widths = [1, 2, 2, 0, 2, 1][: 2 * n]
        yield case("pad", [shapes[n]], pad=widths, mode=mode)
        yield case("pad", [shapes[n][1:]], pad=widths, mode=mode)
    yield case("pad", [[2, 3, 5]], pad=[-1, 2, -2, 1], value=0.5)
    yield case("pad", [[2, 3, 5]], pad=[-1, 2], mode="replicate")
    yield case("pad", [[2, 3, 5]], pad=[0, 0, 0, 0, 1, 1], value=-1.0)


def norms():
    x, image, volume = [3, 4], [2, 4, 3, 5], [2, 4, 2, 3, 2]
    for shape, last in ((x, 1), (image, 1), (image, 2), ([2, 4, 3], 3)):
        kwargs = dict(normalized_shape=shape[-last:])
        w = kwargs["normalized_shape"]
        for operands, eps in itertools.product(([shape], [shape, w], [shape, w, w]), (1e-5, 0.1)):
            yield case("layer_norm", operands, eps=eps, **kwargs)
            if len(operands) < 3:
                yield case("rms_norm", operands, eps=None if eps < 0.1 else eps, **kwargs)
    for shape, groups in itertools.product((x, image, volume), (1, 2, 4)):
        if groups < 4 or len(shape) > 2:
            yield case("group_norm", [shape], num_groups=groups)
            yield case("group_norm", [shape, [4], [4]], num_groups=groups, eps=1e-2)
    for shape in ([2, 4, 5], image, volume):
        yield case("instance_norm", [shape])
        yield case("instance_norm", [shape, [4], [4]], eps=1e-2)
        for training in (True, False):
            statistics = dict(running_mean=[4], running_var=[4], training=training)
            yield case("batch_norm", [shape], **statistics)
            yield case("batch_norm", [shape, [4], [4]], **statistics, eps=1e-2)
            yield case("batch_norm", [shape, [4]], **statistics, momentum=0.3)
        for size in (1, 2, 3, 6):
            yield case("local_response_norm", [shape], size=size, alpha=0.3, beta=0.6, k=1.5)


def resamplings():
    shapes = {1: [2, 3, 5], 2: [2, 3, 5, 4], 3: [1, 2, 3, 4, 5]}
    sizes = {1: [[8], [3], [10]], 2: [[7, 3], [10, 8], [1, 9]], 3: [[4, 8, 3]]}
    for n, found in sizes.items():
        smooth = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}[n]
        options = [dict(size=size) for size in found]
        options += [dict(scale_factor=f) for f in (2.0, 0.7, 1.6)]
        options.append(dict(scale_factor=[1.3, 2.0, 0.5][:n], recompute_scale_factor=True))
        for kwargs in options:
            for mode in ("nearest", "nearest-exact", "area"):
                yield case("interpolate", [shapes[n]], mode=mode, **kwargs)
            for mode, corners in itertools.product(smooth, (None, True)):
                kwargs = kwargs | dict(mode=mode, align_corners=corners)
                yield case("interpolate", [shapes[n]], **kwargs)
                if n == 2 and "scale_factor" not in kwargs:
                    yield case("interpolate", [shapes[n]], **kwargs, antialias=True)
    yield case("pixel_shuffle", [[2, 8, 2, 3]], upscale_factor=2)
    yield case("pixel_unshuffle", [[2, 4, 6]], downscale_factor=2)
    yield case("channel_shuffle", [[2, 6, 2, 3]], groups=3)
    for corners in (True, False):
        yield case("affine_grid", [[2, 2, 3]], size=[2, 3, 4, 5], align_corners=corners)
        yield case("affine_grid", [[2, 3, 4]], size=[2, 3, 4, 1, 3], align_corners=corners)
        outside = ("zeros", "border", "reflection")
        for mode, around in itertools.product(("bilinear", "nearest", "bicubic"), outside):
            kwargs = dict(mode=mode, padding_mode=around, align_corners=corners)
            yield case("grid_sample", [[2, 3, 4, 5], [2, 3, 4, 2]], **kwargs)
            if mode != "bicubic":
                yield case("grid_sample", [[1, 2, 3, 4, 3], [1, 2, 3, 2, 3]], **kwargs)


def layer_runs():
    """Layers with running statistics: two batches of training, then evaluation."""
    settings = [
        dict(),
        dict(momentum=None),
        dict(momentum=0.3, eps=0.1),
        dict(affine=False),
        dict(track_running_stats=False),
        dict(affine=True, track_running_stats=True),
        dict(affine=False, track_running_stats=True, momentum=None),
    ]
    shapes = {"1d": [[3, 4], [3, 4, 5]], "2d": [[3, 4, 2, 3]], "3d": [[2, 4, 2, 2, 3]]}
    for kind, (axes, found) in itertools.product(("BatchNorm", "InstanceNorm"), shapes.items()):
        for shape, kwargs in itertools.product(found, settings):
            if len(shape) == 2 and kind == "InstanceNorm":
                continue
            layer = getattr(torch.nn, kind + axes)(4, **kwargs, dtype=torch.float64)
            for i, p in enumerate(layer.parameters()):
                p.data = torch.tensor(field((4,), i + 1))
            outputs = [digest(layer(torch.tensor(field(shape, i))).detach()) for i in (0, 1)]
            outputs.append(digest(layer.eval()(torch.tensor(field(shape, 2))).detach()))
            yield dict(
                op=kind + axes,
                kwargs=kwargs,
                shape=shape,
                outputs=outputs,
                state={k: v.tolist() for k, v in layer.state_dict().items()},
            )


CALLS = """
Conv1d(2,4,3) Conv1d(2,4,3,2,1,2,2,False,'reflect') Conv2d(2,4,(3,2),padding='same',dilation=2)
Conv2d(2,4,3,(2,1),(0,1)) Conv3d(1,2,2,padding_mode='circular') ConvTranspose1d(2,4,3)
ConvTranspose2d(2,4,3,2,1,1,2,False) ConvTranspose3d(2,4,(1,2,3),dilation=2) Unfold(3)
Fold(4,(2,1)) MaxPool1d(2) MaxPool2d(3,2,1,1,True,True) MaxPool3d((2,1,2)) AvgPool1d(2)
AvgPool3d(2) AvgPool2d(2,1,1,True,False) LPPool1d(2,3) LPPool2d(2,(3,2),ceil_mode=True)
LPPool3d(1,2) AdaptiveAvgPool1d(3) AdaptiveAvgPool2d((None,3)) AdaptiveAvgPool3d(1)
AdaptiveMaxPool1d(3) AdaptiveMaxPool2d(2,True) AdaptiveMaxPool3d((1,2,3)) MaxUnpool1d(2)
MaxUnpool2d((2,3),1,1) MaxUnpool3d(2) ZeroPad1d(1) ZeroPad2d((1,2,3,4)) ZeroPad3d(1)
ConstantPad1d(2,0.5) ConstantPad2d((1,0,1,0),2) ConstantPad3d(1,3.5) ReflectionPad1d(1)
ReflectionPad2d((1,2,0,1)) ReflectionPad3d(1) ReplicationPad1d((1,2)) ReplicationPad2d(1)
ReplicationPad3d(2) CircularPad1d(1) CircularPad2d((1,2,0,1)) CircularPad3d(1) BatchNorm1d(3)
BatchNorm2d(3,0.1,None,False) BatchNorm3d(3,track_running_stats=False) BatchNorm2d(3,bias=False)
InstanceNorm1d(3) InstanceNorm2d(3,affine=True,track_running_stats=True) InstanceNorm3d(3,0.1,0.2)
LayerNorm(3) LayerNorm((2,3),0.1,bias=False) LayerNorm(3,1e-3,False) GroupNorm(2,4)
GroupNorm(1,4,0.1,False) RMSNorm(3) RMSNorm((2,3),0.1,False) LocalResponseNorm(2)
LocalResponseNorm(3,0.1,0.5,2.0) Upsample(4) Upsample(scale_factor=(2.0,3.0),mode='bilinear')
UpsamplingNearest2d(4) UpsamplingBilinear2d(scale_factor=2) PixelShuffle(2) PixelUnshuffle(3)
ChannelShuffle(2)
"""


def calls():
    for text in CALLS.split():
        layer = eval(f"torch.nn.{text}")
        state = {k: list(v.shape) for k, v in layer.state_dict().items()}
        parameters = [
            [p.name, "required" if p.default is p.empty else repr(p.default)]
            for p in inspect.signature(type(layer).__init__).parameters.values()
            if p.name not in ("self", "device", "dtype")
        ]
        yield dict(op=text, kwargs={}, repr=repr(layer), state=state, parameters=parameters)


def trained_model():
    """A file that PyTorch wrote, and what the model in it makes of an image."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ConvTranspose2d(4, 2, 2, 2),
        torch.nn.GroupNorm(2, 2),
    ).double()
    for i in range(3):
        model(torch.tensor(field((2, 2, 5, 5), i)))
    save_file(model.state_dict(), FOLDER / "images.safetensors")
    y = model.eval()(torch.tensor(field((2, 2, 5, 5), 3)))
    yield dict(op="trained model", kwargs={}, value=digest(y.detach()))


def write(name, cases):
    """One case a line, so that a change shows as such."""
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    write("convolutions", convolutions())
    write("poolings", [*poolings(), *paddings()])
    write("norms", norms())
    write("norm_layers", layer_runs())
    write("resamplings", resamplings())
    write("image_layers", [*calls(), *trained_model()])
