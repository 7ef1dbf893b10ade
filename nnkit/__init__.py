"""nnkit: a small neural-net toolkit whose training you can watch and steer in JupyterLab."""
