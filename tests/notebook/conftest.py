"""An IPython of its own for every test that needs one."""

import pytest


@pytest.fixture
def shell():
    """An IPython shell without a kernel, files or history, with the extension loaded."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from nnkit import notebook
    from nnkit.notebook.session import session

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    before = dict(vars(session))
    ip = InteractiveShell.instance(config=config)
    notebook.load_ipython_extension(ip)
    try:
        yield ip
    finally:
        notebook.unload_ipython_extension(ip)
        vars(session).clear()
        vars(session).update(before)
        InteractiveShell.clear_instance()
