"""autograd_core: plain NumPy code that differentiates."""
