"""Densities and distribution functions, each distribution in a module of its own.

With the arguments of `scipy.stats`; differentiable in `x` and in the parameters, but for the
distribution functions in those parameters for which there is no formula.
"""

from . import beta, chi2, dirichlet, gamma, multivariate_normal, norm, poisson, t

__all__ = ["beta", "chi2", "dirichlet", "gamma", "multivariate_normal", "norm", "poisson", "t"]
