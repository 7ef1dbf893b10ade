"""The schedules that are compared with PyTorch's, described so that both libraries make them."""

from functools import partial


def case(name, **kwargs):
    return {"name": name, "kwargs": kwargs}


class Decay:
    """A factor that is an object, so that its attributes belong to the state."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, epoch):
        return self.rate**epoch


WARM = case("LinearLR", start_factor=0.1, total_iters=5)
CASES = [
    case("LambdaLR", lr_lambda=lambda epoch: 0.9**epoch),
    case("LambdaLR", lr_lambda=[lambda epoch: 1 / (1 + epoch), Decay(0.8)]),
    case("MultiplicativeLR", lr_lambda=lambda epoch: 1 - 0.02 * epoch),
    case("StepLR", step_size=3),
    case("StepLR", step_size=5, gamma=0.5),
    case("MultiStepLR", milestones=[2, 7, 7, 20], gamma=0.5),
    case("ConstantLR"),
    case("ConstantLR", factor=0.5, total_iters=3),
    case("LinearLR"),
    case("LinearLR", start_factor=0.01, end_factor=0.5, total_iters=10),
    case("LinearLR", start_factor=1.0, end_factor=0.0, total_iters=10),
    case("ExponentialLR", gamma=0.9),
    case("PolynomialLR"),
    case("PolynomialLR", total_iters=12, power=2.0),
    case("PolynomialLR", total_iters=20, power=0.5),
    case("CosineAnnealingLR", T_max=23),
    case("CosineAnnealingLR", T_max=5),
    case("CosineAnnealingLR", T_max=7, eta_min=0.01),
    case("CosineAnnealingWarmRestarts", T_0=5),
    case("CosineAnnealingWarmRestarts", T_0=3, T_mult=2, eta_min=0.01),
    case("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=4),
    case("CyclicLR", base_lr=0.01, max_lr=[0.1, 0.2], step_size_up=3, step_size_down=5),
    case("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=4, mode="triangular2"),
    case(
        "CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=4, mode="exp_range", gamma=0.9,
        base_momentum=0.5, max_momentum=0.95,
    ),
    case(
        "CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=4, cycle_momentum=False,
        scale_fn=Decay(0.7), scale_mode="iterations",
    ),
    case("OneCycleLR", max_lr=0.5, total_steps=24),
    case("OneCycleLR", max_lr=[0.5, 0.1], epochs=6, steps_per_epoch=4, anneal_strategy="linear"),
    case("OneCycleLR", max_lr=0.5, total_steps=25, three_phase=True, pct_start=0.4),
    case(
        "OneCycleLR", max_lr=0.5, total_steps=30, cycle_momentum=False, div_factor=5.0,
        final_div_factor=10.0,
    ),
    case("ReduceLROnPlateau", patience=2, factor=0.5),
    case("ReduceLROnPlateau", patience=1, factor=0.3, cooldown=3, min_lr=[0.01, 0.0]),
    case("ReduceLROnPlateau", mode="max", patience=3, threshold=0.01, threshold_mode="abs"),
    case("ReduceLROnPlateau", patience=0, threshold=0.05, threshold_mode="abs", eps=1e-3),
    case("SWALR", swa_lr=0.005, anneal_epochs=6),
    case("SWALR", swa_lr=[0.3, 0.005], anneal_epochs=10, anneal_strategy="linear"),
    case("SWALR", swa_lr=0.05, anneal_epochs=0),
    case("SequentialLR", parts=[WARM, case("CosineAnnealingLR", T_max=15)], milestones=[5]),
    case("SequentialLR", parts=[case("ConstantLR", factor=0.1, total_iters=2),
                                case("ExponentialLR", gamma=0.9),
                                case("StepLR", step_size=2, gamma=0.5)], milestones=[4, 11]),
    case("SequentialLR", parts=[WARM, case("CosineAnnealingWarmRestarts", T_0=4)], milestones=[5]),
    case("SequentialLR", parts=[case("CosineAnnealingWarmRestarts", T_0=4), WARM], milestones=[6]),
    case("SequentialLR", parts=[case("PolynomialLR", total_iters=6), case("MultiStepLR",
                                milestones=[2, 4])], milestones=[8]),
    case("SequentialLR", parts=[WARM, case("LambdaLR", lr_lambda=lambda epoch: 0.9**epoch)],
         milestones=[3]),
    case("ChainedScheduler", parts=[case("ConstantLR", factor=0.1, total_iters=2),
                                    case("ExponentialLR", gamma=0.9)]),
    case("ChainedScheduler", parts=[case("LambdaLR", lr_lambda=lambda epoch: 0.95**epoch),
                                    case("StepLR", step_size=4, gamma=0.5)]),
    case("ChainedScheduler", parts=[WARM, case("CosineAnnealingLR", T_max=10, eta_min=0.001)]),
]  # fmt: skip


def make(case, library, lr_scheduler, swalr):
    """Make an optimizer with two groups and its schedule, in one library or the other."""
    nn = getattr(library, "nn", library)
    first, second = ([nn.Parameter(library.tensor([1.0]))] for _ in range(2))
    groups = [{"params": first}, {"params": second, "lr": 0.02}]
    optimizer = library.optim.SGD(groups, lr=0.1, momentum=0.9)
    for p in [*first, *second]:
        p.grad = library.tensor([0.0])
    return optimizer, schedule(case, optimizer, lr_scheduler, swalr)


def schedule(case, optimizer, lr_scheduler, swalr):
    name, kwargs = case["name"], dict(case["kwargs"])
    if name == "SWALR":
        return swalr(optimizer, **kwargs)
    maker = partial(
        getattr(lr_scheduler, name), **{k: v for k, v in kwargs.items() if k != "parts"}
    )
    if "parts" not in kwargs:
        return maker(optimizer)
    parts = [schedule(part, optimizer, lr_scheduler, swalr) for part in kwargs["parts"]]
    return maker(parts) if name == "ChainedScheduler" else maker(optimizer, schedulers=parts)
