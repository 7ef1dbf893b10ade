"""The tests of nnkit and autograd_core."""
