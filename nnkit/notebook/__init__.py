"""The notebook side: the live panel and the %nnkit magic. Nothing else in nnkit imports it.

``%load_ext nnkit`` comes here. What a run shows is decided in session.py, by where it runs.
"""

from __future__ import annotations

from typing import Any

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ip: Any) -> None:
    """Register the magic ``%nnkit`` and show every run from now on."""
    from nnkit.notebook.figures import show_figures
    from nnkit.notebook.magics import register
    from nnkit.notebook.session import session

    register(ip)
    show_figures(ip)
    session.begin()


def unload_ipython_extension(ip: Any) -> None:
    """Take back what loading did."""
    from nnkit.notebook.figures import forget_figures
    from nnkit.notebook.magics import unregister
    from nnkit.notebook.session import session

    session.end()
    forget_figures(ip)
    unregister(ip)
