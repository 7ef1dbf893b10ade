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


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def dawsn(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


def entr(x):
    return -x * mp.log(x)


# name: (function, which argument is differentiated, points)
CASES = {
    "gamma": (mp.gamma, 0, [(0.1,), (2.5,), (-1.5,), (150.0,), (0.3 + 0.2j,), (-3.5 + 0.1j,)]),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), 0, [(1e-3,), (3.3,), (-2.5,), (1e6,)]),
    "loggamma": (mp.loggamma, 0, [(0.2,), (4.0 + 20.0j,), (-3.5 + 0.1j,)]),
    "rgamma": (
        mp.rgamma, 0,
        [(0.5,), (20.0,), (-0.5,), (0.0,), (-3.0,), (-2.05,), (-2.0 + 0.1j,), (3.0 - 1.0j,)],
    ),
    "psi": (
        mp.digamma, 0,
        [(0.1,), (7.0,), (-3.5,), (0.01 + 0.01j,), (-10.2 + 4.0j,), (40.0 - 3.0j,)],
    ),
    "beta": (mp.beta, 0, [(0.1, 3.0), (20.0, 2.0), (1e-5, 0.5)]),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), 0, [(0.1, 3.0), (1e3, 2.0), (5.0, 1e5)]),
    "gammainc": (
        lambda a, x: mp.gammainc(a, 0, x, regularized=True), 1,
        [(0.5, 1e-3), (3.0, 40.0), (100.0, 99.0), (1e-3, 1e-3)],
    ),
    "gammaincc": (lambda a, x: mp.gammainc(a, x, regularized=True), 1, [(3.0, 300.0), (0.5, 0.1)]),
    "betainc": (
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), 2,
        [(0.5, 3.0, 0.01), (20.0, 30.0, 0.9), (2.0, 3.0, 1e-12)],
    ),
    "erf": (mp.erf, 0, [(0.0,), (3.0,), (-5.0,), (1.0 - 2.0j,)]),
    "erfc": (mp.erfc, 0, [(25.0,), (-1.0,), (3.0 + 1.0j,)]),
    "erfcx": (
        erfcx, 0,
        [(-3.0,), (0.5,), (19.0,), (21.0,), (1e5,), (-0.5 + 30.0j,), (-15.0 + 20.0j,),
         (3.0 + 3.0j,)],
    ),
    "dawsn": (
        dawsn, 0,
        [(0.2,), (19.0,), (21.0,), (400.0,), (21.0 - 20.9j,), (-0.5 + 12.0j,), (-21.0 + 20.0j,)],
    ),
    "wofz": (lambda z: erfcx(-1j * z), 0, [(0.3 + 0.0j,), (1e3 + 1e2j,), (30.0 - 0.1j,)]),
    "erfinv": (mp.erfinv, 0, [(0.0,), (0.9,), (-0.999,)]),
    "erfcinv": (lambda x: mp.erfinv(1 - x), 0, [(1e-10,), (0.9,)]),
    "ndtr": (ndtr, 0, [(-10.0,), (0.3,)]),
    "ndtri": (ndtri, 0, [(1e-8,), (0.3,), (1e-100,), (0.999999,)]),
    "log_ndtr": (
        lambda x: mp.log(ndtr(x)), 0,
        [(-40.0,), (-1e3,), (-1e-3,), (0.0,), (10.0,), (35.0,), (-0.5 + 0.3j,)],
    ),
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), 0, [(-50.0,), (0.3,), (40.0,), (600.0,)]),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), 0, [(-50.0,), (0.3,), (40.0,)]),
    "logit": (lambda p: mp.log(p / (1 - p)), 0, [(1e-10,), (0.3,), (0.999,)]),
    "xlogy": (xlogy, 1, [(0.0, 0.5), (2.0, 1e-3), (2.0, 0.3 + 0.4j)]),
    "entr": (entr, 0, [(1e-10,), (0.4,)]),
    "rel_entr": (lambda p, q: p * mp.log(p / q), 0, [(1e-10, 0.5), (0.4, 1e-5)]),
    "kl_div": (lambda p, q: p * mp.log(p / q) - p + q, 1, [(1e-10, 0.5), (0.4, 0.4)]),
    "exprel": (lambda x: mp.expm1(x) / x if x else mp.mpf(1), 0, [(1e-5,), (-30.0,), (5.0,)]),
    "boxcox": (lambda x, p: (x**p - 1) / p if p else mp.log(x), 1, [(2.0, 1e-8), (0.1, 1.5)]),
    "jv": (mp.besselj, 1, [(0.5, 0.1), (3.0, 50.0), (2.0, -1.5), (1.5, 0.3 + 2.0j)]),
    "yv": (mp.bessely, 1, [(0.5, 0.1), (3.0, 50.0), (1.5, 0.3 + 2.0j)]),
    "iv": (mp.besseli, 1, [(0.5, 0.1), (3.0, 30.0), (1.5, -0.3 + 2.0j)]),
    "kv": (mp.besselk, 1, [(0.5, 0.1), (3.0, 30.0), (1.5, 0.3 + 2.0j)]),
    "i1e": (lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), 0, [(1e-6,), (1.5,), (100.0,)]),
    "k0e": (lambda x: mp.exp(x) * mp.besselk(0, x), 0, [(0.01,), (20.0,)]),
    "spence": (
        lambda z: mp.polylog(2, 1 - z), 0,
        [(0.1,), (1.0,), (1.5,), (0.36 - 0.88j,), (-3.0 + 1.0j,)],
    ),
    "expi": (mp.ei, 0, [(0.1,), (-2.0,), (20.0,), (0.1 + 3.0j,)]),
    "exp1": (mp.e1, 0, [(0.1,), (20.0,), (0.1 + 3.0j,)]),
    "ellipk": (mp.ellipk, 0, [(0.0,), (1e-7,), (0.9,), (-3.0,)]),
    "ellipe": (mp.ellipe, 0, [(0.0,), (1e-7,), (0.9,), (-3.0,)]),
    "zeta": (lambda s, q: mp.zeta(s, q), 1, [(2.0, 0.3), (3.0, 50.0)]),
    "polygamma": (
        lambda n, x: mp.polygamma(int(n), x), 1,
        [(0.0, 2.5), (3.0, 0.4), (2.0, 30.0), (1.0, 0.3 + 2.0j)],
    ),
    "lambertw": (mp.lambertw, 0, [(1e-8 + 0j,), (100.0 + 0j,), (-0.3 + 0.2j,)]),
}  # fmt: skip


def derivative(f, i, point, order):
    """Derivative of the order in argument i."""

    def of_one(v):
        return f(*(v if k == i else exact(x) for k, x in enumerate(point)))

    return stored(complex(mp.diff(of_one, exact(point[i]), order)), point)


def exact(x):
    """Return a number of many digits."""
    return mp.mpc(x) if isinstance(x, complex) else mp.mpf(x)


def stored(x, point):
    """Return a number as JSON has it, a complex one as its two parts."""
    if isinstance(x, complex) and not any(isinstance(v, complex) for v in point):
        return x.real
    return [x.real, x.imag] if isinstance(x, complex) else x


def main():
    rows = [
        dict(
            op=name,
            argnum=i,
            point=[stored(x, point) for x in point],
            d1=derivative(f, i, point, 1),
            d2=derivative(f, i, point, 2),
        )
        for name, (f, i, points) in CASES.items()
        for point in points
    ]
    (FOLDER / "special.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
