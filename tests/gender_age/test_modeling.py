import pytest
import torch
from transformers import ViTConfig, ViTForImageClassification, ViTModel

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.labels import MISSING
from gender_age.modeling_gender_age import GenderAgeModel, age_loss
from tests.conftest import TINY

CONVOLUTIONAL = TINY | {
    "stem": "convolutional",
    "stem_channels": [4, 8, 8],
    "stem_depths": [1, 0, 1],
    "pooling": "mean",
    "drop_path_rate": 0.1,
}
MOBILENET = TINY | {"stem": "mobilenet", "patch_size": 32, "image_size": 64, "pooling": "mean"}
KINDS = pytest.mark.parametrize(
    "settings", [TINY, CONVOLUTIONAL, MOBILENET], ids=["patch", "convolutional", "mobilenet"]
)
LABELS = {
    "gender": torch.tensor([0, 1, 1]),
    "age_min": torch.tensor([30, 20, 116]),
    "age_max": torch.tensor([30, 29, 116]),
}


@KINDS
def test_output_shapes_and_no_loss_without_labels(settings):
    model = GenderAgeModel(GenderAgeConfig(**settings)).eval()
    output = model(torch.zeros(3, 3, model.config.image_size, model.config.image_size))
    assert output.loss is None
    assert output.gender_logits.shape == (3, 2)
    assert output.age_logits.shape == (3, 101)


@KINDS
def test_every_parameter_moves_in_one_step(settings):
    torch.manual_seed(0)
    model = GenderAgeModel(GenderAgeConfig(**settings)).train()
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=10.0)
    pixels = torch.randn(3, 3, model.config.image_size, model.config.image_size)
    model(pixels, **LABELS).loss.backward()
    optimizer.step()
    # The mean over the patches does not read the first token's last layer, but attention before it does.
    assert [name for name, parameter in model.named_parameters() if torch.equal(parameter, before[name])] == []


@KINDS
def test_another_image_size_is_served(settings):
    model = GenderAgeModel(GenderAgeConfig(**settings)).eval()
    assert model(torch.zeros(1, 3, 96, 96)).age_logits.shape == (1, 101)


@pytest.mark.parametrize("return_dict", [None, False])
def test_outputs_are_a_tuple_where_asked_for(tiny_model, return_dict):
    """By argument or by config, which is the backbone's too."""
    pixels = torch.zeros(1, 3, 32, 32)
    named = tiny_model(pixels)
    tiny_model.config.return_dict = return_dict is False
    outputs = tiny_model(pixels, return_dict=return_dict)
    assert isinstance(outputs, tuple)
    assert all(torch.equal(each, of) for each, of in zip(outputs, named.to_tuple(), strict=True))


def test_mirrored_answers_are_averaged_outside_training():
    torch.manual_seed(0)
    model = GenderAgeModel(GenderAgeConfig(**CONVOLUTIONAL, initializer_range=1.0)).eval()
    pixels = torch.randn(3, 3, 32, 32)
    plain, mirrored = model(pixels), model(pixels.flip(-1))
    model.config.average_mirrored = True
    both = model(pixels)
    for name in ("gender_logits", "age_logits"):
        expected = (plain[name].softmax(-1) + mirrored[name].softmax(-1)) / 2
        assert torch.allclose(both[name].softmax(-1), expected, atol=1e-5)
        assert not torch.allclose(plain[name].softmax(-1), expected, atol=1e-3)
        assert torch.allclose(model(pixels.flip(-1))[name], both[name], atol=1e-4)
    assert model(pixels, **LABELS).loss.ndim == 0
    assert model.train()(pixels).gender_logits.shape == (3, 2)


def test_stochastic_depth_rises_linearly_with_the_layer():
    model = GenderAgeModel(GenderAgeConfig(**TINY | {"num_hidden_layers": 4, "drop_path_rate": 0.3}))
    assert [layer.dropout.p for layer in model.backbone.layers] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_stochastic_depth_scales_the_kept_samples_in_training():
    torch.manual_seed(0)
    model = GenderAgeModel(GenderAgeConfig(**TINY, drop_path_rate=0.25)).train()
    branch = torch.ones(4000, 5, 16)
    first, last = (layer.dropout(branch) for layer in model.backbone.layers)
    assert torch.equal(first, branch)
    samples = last.flatten(1)
    # A sample is dropped or kept as a whole; the deviation of the share is 0.007.
    assert torch.equal(samples, samples[:, :1].expand_as(samples))
    kept = samples[:, 0] != 0
    assert kept.float().mean().item() == pytest.approx(0.75, abs=0.03)
    assert samples[kept] == pytest.approx(1 / 0.75)


def test_stochastic_depth_adds_no_weights_and_changes_no_answer():
    torch.manual_seed(0)
    plain = GenderAgeModel(GenderAgeConfig(**TINY, initializer_range=1.0)).eval()
    dropping = GenderAgeModel(GenderAgeConfig(**TINY, initializer_range=1.0, drop_path_rate=0.9)).eval()
    dropping.load_state_dict(plain.state_dict())
    pixels = torch.randn(8, 3, 32, 32)
    for name in ("gender_logits", "age_logits"):
        assert torch.equal(plain(pixels)[name], dropping(pixels)[name])
    assert not torch.equal(dropping.train()(pixels).age_logits, plain(pixels).age_logits)


def test_stock_vit_weights_load_unchanged(tmp_path):
    stock = ViTModel(ViTConfig(**TINY), add_pooling_layer=False)
    model = GenderAgeModel(GenderAgeConfig(**TINY))
    model.backbone.load_state_dict(stock.state_dict())
    pixels = torch.randn(2, 3, 32, 32)
    assert torch.equal(stock.eval()(pixels)[0], model.eval().backbone(pixels)[0])


def test_stock_classifier_checkpoint_leaves_only_the_heads_new(tmp_path):
    stock = ViTForImageClassification(ViTConfig(**TINY))
    stock.save_pretrained(tmp_path)
    model, loading = GenderAgeModel.from_pretrained(tmp_path, config=GenderAgeConfig(**TINY), output_loading_info=True)
    assert {key.split(".")[0] for key in loading["missing_keys"]} == {"gender_head", "age_head"}
    for name, weight in stock.vit.state_dict().items():
        assert torch.equal(model.backbone.state_dict()[name], weight)


def test_sdpa_is_the_default_attention():
    assert GenderAgeModel(GenderAgeConfig(**TINY)).config._attn_implementation == "sdpa"


def test_saved_and_loaded_gives_the_same_logits(tmp_path, tiny_model):
    tiny_model.save_pretrained(tmp_path)
    loaded, loading = GenderAgeModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(loading[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    pixels = torch.randn(2, 3, 32, 32)
    assert torch.equal(loaded.eval()(pixels).age_logits, tiny_model(pixels).age_logits)


def test_age_loss_of_a_range_is_its_missing_mass():
    logits = torch.full((1, 101), -20.0)
    logits[0, 20:30] = 0.0
    inside = age_loss(logits, torch.tensor([20]), torch.tensor([29]), sigma=2.0, expectation_weight=0.0)
    half = age_loss(logits, torch.tensor([25]), torch.tensor([34]), sigma=2.0, expectation_weight=0.0)
    assert inside.item() == pytest.approx(0.0, abs=1e-5)
    assert half.item() == pytest.approx(torch.tensor(2.0).log().item(), abs=1e-4)


def test_age_loss_of_an_exact_age_is_least_at_that_age():
    years = torch.arange(101.0)
    losses = [
        age_loss(-0.5 * ((years[None] - centre) / 2) ** 2, torch.tensor([40]), torch.tensor([40]), 2.0, 0.05).item()
        for centre in (30, 38, 40, 42, 50)
    ]
    assert min(losses) == losses[2]


def test_ages_over_a_hundred_train_as_a_hundred():
    logits = torch.randn(1, 101)
    old, oldest = (age_loss(logits, torch.tensor([a]), torch.tensor([a]), 2.0, 0.05) for a in (100, 116))
    assert torch.equal(old, oldest)


def test_heads_answer_in_full_precision_under_autocast(tiny_model):
    with torch.autocast("cpu", torch.bfloat16):
        output = tiny_model(torch.randn(1, 3, 32, 32))
    assert output.age_logits.dtype == output.gender_logits.dtype == torch.float32


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"stem": "dense"}, "stem"),
        ({"pooling": "max"}, "pooling"),
        ({**CONVOLUTIONAL, "patch_size": 16}, "patch_size"),
        ({**MOBILENET, "patch_size": 16}, "patch_size"),
    ],
)
def test_impossible_configs_are_refused(settings, named):
    with pytest.raises(ValueError, match=named):
        GenderAgeConfig(**settings)


def test_expectation_is_pulled_into_a_range_and_no_further():
    def pull(center, low, high):
        logits = (-0.5 * ((torch.arange(101.0) - center) / 3) ** 2)[None]
        label = torch.tensor([low]), torch.tensor([high])
        return (age_loss(logits, *label, sigma=2.0, expectation_weight=0.1)
                - age_loss(logits, *label, sigma=2.0, expectation_weight=0.0)).item()  # fmt: skip

    assert pull(45, 20, 29) == pytest.approx(1.6, abs=1e-3)
    assert pull(12, 20, 29) == pytest.approx(0.8, abs=1e-3)
    assert pull(25, 20, 29) == pytest.approx(0, abs=1e-6)
    assert pull(45, 40, 40) == pytest.approx(0.5, abs=1e-3)


def test_unknown_labels_train_the_other_head_only(tiny_model):
    pixels = torch.randn(3, 3, 32, 32)
    ages, genders = torch.tensor([30, MISSING, 60]), torch.tensor([0, 1, MISSING])
    some = tiny_model(pixels, gender=genders, age_min=ages, age_max=ages).loss
    apart = (
        tiny_model(pixels[[0, 1]], gender=genders[[0, 1]], age_min=ages[[1, 1]], age_max=ages[[1, 1]]).loss,
        tiny_model(pixels[[0, 2]], gender=genders[[2, 2]], age_min=ages[[0, 2]], age_max=ages[[0, 2]]).loss,
    )
    assert some.item() == pytest.approx(sum(apart).item(), rel=1e-5)
    unknown = torch.full((3,), MISSING)
    nothing = tiny_model(pixels, gender=unknown, age_min=unknown, age_max=unknown).loss
    nothing.backward()
    assert nothing.item() == 0
    assert all(
        torch.equal(each.grad, torch.zeros_like(each)) for each in tiny_model.parameters() if each.grad is not None
    )
