"""Parameters as a vector and back."""

import numpy as np
import pytest

import nnkit as nn
from nnkit.utils import parameters_to_vector, vector_to_parameters


def test_there_and_back():
    one, two = nn.Linear(3, 2), nn.Linear(3, 2)
    arrays = [p.detach().numpy() for p in two.parameters()]
    vector = parameters_to_vector(one.parameters())
    assert (vector.shape, vector.dtype) == ((8,), np.float32)
    vector_to_parameters(vector, two.parameters())
    for p, q, array in zip(one.parameters(), two.parameters(), arrays):
        np.testing.assert_array_equal(p.detach(), q.detach())
        np.testing.assert_array_equal(array, q.detach())


def test_gradients_flow_back():
    model = nn.Linear(2, 1)
    (parameters_to_vector(model.parameters()) * np.arange(3.0)).sum().backward()
    assert model.weight.grad.tolist() == [[0.0, 1.0]]
    assert model.bias.grad.tolist() == [2.0]


def test_a_graph_of_the_old_values_is_not_used():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    loss = model(np.ones((1, 2))).sum()
    vector_to_parameters(np.zeros(9), model.parameters())
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()


@pytest.mark.parametrize("n", [7, 9])
def test_another_length_writes_nothing(n):
    model = nn.Linear(3, 2)
    before = model.weight.tolist()
    with pytest.raises(ValueError, match=r"hold 8 numbers.*\(8,\)"):
        vector_to_parameters(np.zeros(n), model.parameters())
    assert model.weight.tolist() == before
