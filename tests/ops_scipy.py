"""Sample rows for SciPy's functions (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np
import scipy.special as sc

from autograd_core.rules.scipy import bessel, gamma, integrals, linalg, normal, signal, sums
from tests.sampling import Maker, above_one, fixed, positive, real, sample, unit


def proportion(*shape: int) -> Maker:
    """Draw numbers from 0.1 to 0.9."""
    return Maker(shape, lambda rng, shape: rng.uniform(0.1, 0.9, shape))


def invertible(n: int, kind: str = "") -> Maker:
    """Draw a matrix whose eigenvalues are positive and well apart."""

    def draw(rng: np.random.Generator, _shape: tuple) -> np.ndarray:
        A = np.diag(np.arange(1.0, n + 1)) + 0.2 * rng.standard_normal((n, n))
        return 0.5 * (A + A.T) if kind == "symmetric" else A

    return Maker((n, n), draw)


# --- of one number --------------------------------------------------------------------------------

for everywhere in (
    sc.erf, sc.erfc, sc.erfi, sc.erfcx, sc.dawsn, sc.ndtr, sc.log_ndtr, sc.expit, sc.log_expit,
    sc.exp2, sc.exp10, sc.expm1, sc.cbrt, sc.cosm1, sc.sindg, sc.cosdg, sc.tandg, sc.cotdg,
    sc.exprel, sc.wrightomega, sc.j0, sc.j1, sc.i0, sc.i1, sc.i0e, sc.i1e, sc.airy, sc.fresnel,
):  # fmt: skip
    sample(everywhere, real(2, 3))
for from_zero in (
    sc.gamma, sc.rgamma, sc.gammaln, sc.loggamma, sc.psi, sc.log1p, sc.entr, sc.y0, sc.y1, sc.k0,
    sc.ber, sc.bei, sc.ker, sc.kei, sc.berp, sc.beip, sc.kerp, sc.keip, sc.itj0y0, sc.iti0k0,
    sc.it2j0y0, sc.it2i0k0, sc.itstruve0, sc.itmodstruve0, sc.it2struve0,
    sc.k1, sc.k0e, sc.k1e, sc.expi, sc.exp1, sc.spence, sc.sici, sc.shichi, integrals.lambertw,
):  # fmt: skip
    sample(from_zero, positive(2, 3))
for below_one in (sc.erfinv, sc.ellipk, sc.ellipe):
    sample(below_one, unit(2, 3))
for of_probability in (sc.logit, sc.ndtri, sc.erfcinv, sc.ellipkm1):
    sample(of_probability, proportion(2, 3))
sample(sc.ndtri_exp, fixed(-0.2, -1.0, -30.0))
sample(sc.gamma, fixed(-0.5, -2.3))
sample(sc.psi, fixed(-0.5, -2.3))
sample(sc.rgamma, fixed(0.0, -1.0, -2.05, -3.6, 0.45))
sample(sc.erfcx, fixed(-2.0, 5.0, 19.0, 21.0, 200.0))
sample(sc.dawsn, fixed(-21.0, 0.0, 19.0, 200.0))
sample(sc.log_ndtr, fixed(-100.0, -5.0, 0.0, 9.0))
sample(sc.exprel, fixed(-1.0, 0.0, 1e-4))
sample(sc.exprel, fixed(-60.0, -1.01, 0.99, 1.01, 50.0))
sample(sc.spence, fixed(0.3, 1.0, 3.0))
sample(sc.shichi, fixed(0.5, -0.5))
sample(sc.i1e, fixed(0.5, 2.0))
sample(sc.wofz, real(2, 3))

# --- of several -----------------------------------------------------------------------------------

for of_two in (
    sc.beta, sc.betaln, sc.poch, sc.xlogy, sc.xlog1py, sc.rel_entr, sc.kl_div, sc.pseudo_huber,
    sc.powm1,
):  # fmt: skip
    sample(of_two, positive(2, 3), positive(2, 3))
sample(sc.binom, above_one(2, 3), proportion(2, 3))
sample(sc.binom, fixed(1.0, 3.0, 6.0), fixed(2.0, 5.0, 2.0))
sample(sc.binom, fixed(0.7, 4.5), fixed(-4.0, -1.0))
sample(sc.poch, fixed(-2.0, 0.0, -2.95), fixed(3.0, 1.3, 4.0))
sample(sc.tklmbda, fixed(-3.0, 3.0), 0.7)
sample(sc.beip, fixed(0.0))
sample(sc.owens_t, real(2, 3), real(2, 3))
sample(sc.boxcox, positive(2, 3), real(2, 3))
sample(sc.boxcox, fixed(0.7, 2.0, 1.5), fixed(0.0, 1e-5, 1.0))
sample(sc.boxcox1p, positive(2, 3), real(2, 3))
sample(sc.powm1, 0.0, fixed(0.3, 2.0))
sample(sc.inv_boxcox, positive(2, 3), 0.7)
sample(sc.inv_boxcox1p, positive(2, 3), 0.7)
sample(sc.huber, 1.0, real(2, 4))
sample(sc.huber, fixed(0.5, 1.0), fixed(0.7, 0.2))
sample(sc.xlogy, fixed(0.0, 1.0), fixed(0.5, 2.0))
sample(sc.xlog1py, fixed(0.0, 1.0), fixed(0.5, 2.0))

order = np.array([0.5, 1.0, 3.0])
for of_order in (
    sc.jv,
    sc.yv,
    sc.iv,
    sc.ive,
    sc.jve,
    sc.yve,
    sc.kv,
    sc.kve,
    sc.struve,
    sc.modstruve,
):
    sample(of_order, order, positive(2, 3))
for of_order in (sc.hankel1, sc.hankel2, sc.hankel1e, sc.hankel2e):
    sample(of_order, 0.5, positive(2, 3))
for of_order in (sc.yn, sc.kn):
    sample(of_order, 2, positive(2, 3))
sample(sc.expn, np.array([0, 1, 3]), positive(2, 3))
for spherical in (bessel.spherical_jn, bessel.spherical_yn):
    sample(spherical, positive(2, 3), np.array([0, 1, 3]))
for spherical in (bessel.spherical_in, bessel.spherical_kn):
    sample(spherical, positive(2, 3), 2)
sample(gamma.zeta, 2.5, positive(2, 3))
sample(gamma.zeta, 3.0, fixed(-0.5, 0.3))
sample(gamma.gamma_power, real(2, 3), positive(2, 3), real(2, 3))
sample(gamma.beta_power, real(2, 3), real(2, 3), proportion(2, 3), real(2, 3))
sample(sc.gammainc, order, positive(2, 3))
sample(sc.gammaincc, order, positive(2, 3))
sample(sc.gammaincinv, order, proportion(2, 3))
sample(sc.gammainccinv, order, proportion(2, 3))
for of_beta in (sc.betainc, sc.betaincc, sc.betaincinv, sc.betainccinv):
    sample(of_beta, order, 1.5, proportion(2, 3))
sample(sc.ellipkinc, real(2, 3), 0.3)
sample(sc.ellipeinc, real(2, 3), 0.3)
sample(sc.ellipj, real(2, 3), 0.3)
sample(sc.wright_bessel, 0.5, 1.5, positive(2, 3))
sample(sc.hyp0f1, 1.5, real(2, 3))
sample(sc.hyp1f1, 0.5, 1.5, real(2, 3))
sample(sc.hyp2f1, 0.5, 1.0, 1.5, unit(2, 3))
sample(sc.hyperu, 0.5, 1.5, positive(2, 3))

degree = np.array([0, 1, 4])
for polynomial in (
    sc.eval_legendre, sc.eval_chebyt, sc.eval_chebyu, sc.eval_hermite, sc.eval_hermitenorm,
    sc.eval_laguerre, sc.eval_sh_legendre, sc.eval_sh_chebyt, sc.eval_sh_chebyu, sc.eval_chebyc,
    sc.eval_chebys,
):  # fmt: skip
    sample(polynomial, degree, unit(2, 3))
sample(sc.eval_sh_jacobi, degree, 3.0, 1.5, unit(2, 3))
sample(sc.lpmv, np.array([0.0, 1.0, 2.0]), 2.5, unit(2, 3))
for polynomial in (sc.eval_chebyt, sc.eval_chebyu, sc.eval_sh_chebyt, sc.eval_chebys):
    sample(polynomial, np.array([-4, -1, 3]), unit(2, 3))
for polynomial in (sc.eval_legendre, sc.eval_chebyu, sc.eval_laguerre):
    sample(polynomial, np.array([-0.4, 0.5, 1.7]), unit(2, 3))
for polynomial in (sc.eval_legendre, sc.eval_sh_legendre):
    sample(polynomial, np.array([-4, -1, 3]), unit(2, 3))
sample(sc.eval_legendre, 3, fixed(-1.0, 1.0))
sample(sc.eval_genlaguerre, degree, 0.5, unit(2, 3))
sample(sc.eval_gegenbauer, degree, 0.5, unit(2, 3))
sample(sc.eval_jacobi, degree, 0.5, 1.5, unit(2, 3))

# --- distributions --------------------------------------------------------------------------------

sample(sc.stdtr, order, real(2, 3))
sample(sc.stdtrit, order, proportion(2, 3))
sample(sc.chdtr, order, positive(2, 3))
sample(sc.chdtrc, order, positive(2, 3))
sample(sc.gdtr, positive(2, 3), 1.5, positive(2, 3))
sample(sc.gdtrc, positive(2, 3), 1.5, positive(2, 3))
sample(sc.fdtr, 2.0, 3.0, positive(2, 3))
sample(sc.fdtrc, 2.0, 3.0, positive(2, 3))
sample(sc.pdtr, np.array([0.0, 1.5, 4.0]), positive(2, 3))
sample(sc.pdtrc, np.array([0.0, 1.5, 4.0]), positive(2, 3))
for of_failures in (sc.nbdtr, sc.nbdtrc, sc.nbdtri):
    sample(of_failures, np.array([0.0, 1.0, 4.0]), 5, proportion(2, 3))
sample(sc.chdtri, order, proportion(2, 3))
sample(sc.gdtrix, positive(2, 3), 1.5, proportion(2, 3))
sample(sc.fdtri, 2.0, 3.0, proportion(2, 3))
sample(sc.tklmbda, unit(2, 3), 0.7)

# --- sums, matrices, sliding products -------------------------------------------------------------

sample(sums.exponential_shares, real(2, 3), axis=(-1, -2))
sample(sums.exponential_shares, real(2, 3), axis=(-2,))
sample(sums.log_sum_exp, real(2, 3), None, axis=(-1, -2))
sample(sums.log_sum_exp, real(2, 3), None, axis=(-2,), keepdims=True)
sample(sums.log_sum_exp, real(2, 3), positive(2, 3), axis=(-1,))
sample(sums.log_sum_exp, fixed(1000.0, -2000.0, 999.0), None, axis=(-1,))
for lower in (True, False):
    sample(linalg.solve_triangular, invertible(3), real(3), lower=lower)
    sample(linalg.solve_triangular, invertible(3), real(3, 2), lower=lower, unit_diagonal=True)
sample(normal.normal_exponent, real(4, 3), invertible(3))
sample(linalg.solve_banded, above_one(3, 5), real(5), l_and_u=(1, 1))
sample(linalg.solve_banded, above_one(4, 5), real(5, 2), l_and_u=(2, 1))
sample(linalg.solve_sylvester, invertible(3), invertible(2), real(3, 2))
sample(linalg.sqrtm, invertible(3))
sample(linalg.expm, real(3, 3))
sample(linalg.expm, real(2, 3, 3))
sample(linalg.log_pseudo_det, invertible(3, "symmetric"))
sample(signal.slide, real(2, 3, 5), real(4, 3, 2))
sample(signal.slide, real(1, 2, 4, 5), real(2, 2, 3, 2))
sample(signal.slide, real(2, 3), real(4, 3))
