"""Write derivatives of special functions with mpmath: python -m tests.reference.make_special

Only needed where a case is added; the tests read the stored file. The points are where formulas
lose digits or leave the range of numbers: far tails, zeros, poles nearby, large arguments.
"""

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 300  # takes minutes; the largest number is e^600
FOLDER = Path(__file__).parent


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def ndtri(p):
    return -mp.sqrt(2) * mp.erfinv(1 - 2 * p)


def xlogy(x, y):
    return x * mp.log(y) if x else mp.mpf(0)


# name: (function, which argument is differentiated, points)
CASES = {
    "gamma": (mp.gamma, 0, [(0.1,), (2.5,), (-1.5,), (150.0,)]),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), 0, [(1e-3,), (3.3,), (-2.5,), (1e6,)]),
    "rgamma": (mp.rgamma, 0, [(0.5,), (20.0,), (-0.5,)]),
    "psi": (mp.digamma, 0, [(0.1,), (7.0,), (-3.5,)]),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), 0, [(0.1, 3.0), (1e3, 2.0), (5.0, 1e5)]),
    "gammainc": (
        lambda a, x: mp.gammainc(a, 0, x, regularized=True), 1,
        [(0.5, 1e-3), (3.0, 40.0), (100.0, 99.0)],
    ),
    "betainc": (
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), 2,
        [(0.5, 3.0, 0.01), (20.0, 30.0, 0.9)],
    ),
    "erf": (mp.erf, 0, [(0.0,), (3.0,), (-5.0,)]),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), 0, [(-3.0,), (0.5,), (19.0,), (21.0,), (1e5,)]),
    "dawsn": (
        lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), 0,
        [(0.2,), (19.0,), (21.0,), (400.0,)],
    ),
    "erfinv": (mp.erfinv, 0, [(0.0,), (0.9,), (-0.999,)]),
    "ndtr": (ndtr, 0, [(-10.0,), (0.3,)]),
    "ndtri": (ndtri, 0, [(1e-8,), (0.3,)]),
    "log_ndtr": (lambda x: mp.log(ndtr(x)), 0, [(-40.0,), (-1e3,), (0.0,), (10.0,)]),
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), 0, [(-50.0,), (0.3,), (40.0,), (600.0,)]),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), 0, [(-50.0,), (0.3,), (40.0,)]),
    "xlogy": (xlogy, 1, [(0.0, 0.5), (2.0, 1e-3)]),
    "exprel": (lambda x: mp.expm1(x) / x if x else mp.mpf(1), 0, [(1e-5,), (-30.0,), (5.0,)]),
    "boxcox": (lambda x, p: (x**p - 1) / p if p else mp.log(x), 1, [(2.0, 1e-8), (0.1, 1.5)]),
    "jv": (mp.besselj, 1, [(0.5, 0.1), (3.0, 50.0), (2.0, -1.5)]),
    "yv": (mp.bessely, 1, [(0.5, 0.1), (3.0, 50.0)]),
    "iv": (mp.besseli, 1, [(0.5, 0.1), (3.0, 30.0)]),
    "kv": (mp.besselk, 1, [(0.5, 0.1), (3.0, 30.0)]),
    "i1e": (lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), 0, [(1e-6,), (1.5,), (100.0,)]),
    "k0e": (lambda x: mp.exp(x) * mp.besselk(0, x), 0, [(0.01,), (20.0,)]),
    "spence": (lambda z: mp.polylog(2, 1 - z), 0, [(0.1,), (1.0,), (1.5,)]),
    "expi": (mp.ei, 0, [(0.1,), (-2.0,), (20.0,)]),
    "exp1": (mp.e1, 0, [(0.1,), (20.0,)]),
    "ellipk": (mp.ellipk, 0, [(0.0,), (1e-7,), (0.9,), (-3.0,)]),
    "ellipe": (mp.ellipe, 0, [(0.0,), (1e-7,), (0.9,), (-3.0,)]),
    "zeta": (lambda s, q: mp.zeta(s, q), 1, [(2.0, 0.3), (3.0, 50.0)]),
    "polygamma": (lambda n, x: mp.polygamma(int(n), x), 1, [(0.0, 2.5), (3.0, 0.4), (2.0, 30.0)]),
}  # fmt: skip


def derivative(f, i, point, order):
    """Derivative of the order in argument i."""

    def of_one(v):
        return f(*(v if k == i else mp.mpf(x) for k, x in enumerate(point)))

    return float(mp.diff(of_one, mp.mpf(point[i]), order))


def main():
    rows = [
        dict(
            op=name,
            argnum=i,
            point=point,
            d1=derivative(f, i, point, 1),
            d2=derivative(f, i, point, 2),
        )
        for name, (f, i, points) in CASES.items()
        for point in points
    ]
    (FOLDER / "special.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
