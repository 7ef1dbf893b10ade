"""What L-BFGS is tried on, in operators that NumPy's and PyTorch's tensors share."""

import itertools

START = [[-1.2, 1.5, 0.3], [1.0, 0.7, -0.5]]


def rosenbrock(p, q):
    return ((1 - p) ** 2).sum() + 100 * ((q - p**2) ** 2).sum()


def quartic(p, q):
    return 0.1 * (p**4).sum() + ((q - p) ** 2).sum() + 0.3 * (p * q).sum()


PROBLEMS = {"rosenbrock": rosenbrock, "quartic": quartic}
TABLE = dict(
    lr=[1, 0.1],
    max_iter=[1, 4],
    max_eval=[None, 3],
    tolerance_grad=[1e-7, 0.5],
    tolerance_change=[1e-9, 0.01],
    history_size=[2, 100],
    line_search_fn=[None, "strong_wolfe"],
)
CASES = [
    (name, dict(zip(TABLE, values)))
    for name in PROBLEMS
    for values in itertools.product(*TABLE.values())
]


def closure_of(name, optimizer, p, q):
    def closure():
        optimizer.zero_grad()
        loss = PROBLEMS[name](p, q)
        loss.backward()
        return loss

    return closure


def walk(name, optimizer, p, q, calls):
    closure = closure_of(name, optimizer, p, q)
    for _ in range(calls):
        optimizer.step(closure)
    return [x for y in (p, q) for x in y.tolist()]
