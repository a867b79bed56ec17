import pytest
import torch
from torch import nn

from trainer.training.averaging import WeightAverage, blend


def small_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))


def step(average):
    average.on_step_end(args=None, state=None, control=None)


def test_the_average_follows_its_formula():
    network = small_network()
    average = WeightAverage(network, decay=0.9)
    expected = None
    for steps in range(200):
        with torch.no_grad():
            network[0].weight.fill_(steps)
        step(average)
        decay = min(0.9, (1 + steps) / (10 + steps))
        expected = float(steps) if expected is None else decay * expected + (1 - decay) * steps
    assert average.state_dict()["0.weight"].flatten().tolist() == pytest.approx([expected] * 2, rel=1e-4)


def test_batch_norms_first_variance_is_soon_forgotten():
    network = small_network()
    average = WeightAverage(network, decay=0.999)
    for _ in range(100):
        network[1].running_var.fill_(0.01)
        network[1].num_batches_tracked += 1
        step(average)
    assert average.state_dict()["1.running_var"].max() < 0.02
    assert average.state_dict()["1.num_batches_tracked"] == 100


def test_in_place_gives_the_average_and_then_the_own_weights_back():
    network = small_network()
    average = WeightAverage(network, decay=0.5)
    step(average)
    with torch.no_grad():
        network[0].weight.fill_(7.0)
    with average.in_place():
        assert not network[0].weight.eq(7.0).any()
    assert network[0].weight.eq(7.0).all()


def test_a_share_of_the_start_is_blended_in():
    network, start = small_network(), {name: each.clone() for name, each in small_network().state_dict().items()}
    with torch.no_grad():
        network[0].weight += 1
        network[1].running_var.fill_(3)
    network[1].num_batches_tracked += 5
    blend(network, start, 0.25)
    blended = network.state_dict()
    assert torch.allclose(blended["0.weight"], start["0.weight"] + 0.75)
    assert blended["1.running_var"].tolist() == [2.5, 2.5]
    assert blended["1.num_batches_tracked"] == 5
