"""Explanations of a face: their contract on tiny models, and on the default model that they mean something."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import gaussian_blur
from transformers import ViTImageProcessor

from gender_age.alignment import DEFAULT_ALIGNMENT
from gender_age.backbones import explained_modules
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.decoding import expected_age
from gender_age.explanation import explain_face, explain_pixels, logits_from_features
from gender_age.images import open_photo
from gender_age.modeling_gender_age import GenderAgeModel
from gender_age.prediction import GenderAgePredictor
from gender_age.turning import rotate_image
from tests.conftest import REPOSITORY, TINY

CONVOLUTIONAL = {"stem": "convolutional", "stem_channels": [4, 8, 8], "stem_depths": [1, 0, 1], "pooling": "mean"}
MOBILENET = {"stem": "mobilenet", "patch_size": 32, "image_size": 64, "pooling": "mean"}
KINDS = {
    "stock": {},
    "convolutional": CONVOLUTIONAL,
    "mirrored": CONVOLUTIONAL | {"average_mirrored": True},
    "mobilenet": MOBILENET | {"average_mirrored": True},
}
MASKED_SHARE, DRAWS = 0.2, 4
# Masked by relevance, the answers moved about 3 times as far as masked at random when the method was chosen.
LEAST_RATIO = 1.25


def tiny(**settings) -> GenderAgeModel:
    torch.manual_seed(0)
    model = GenderAgeModel(GenderAgeConfig(**TINY | settings)).eval()
    with torch.no_grad():  # fresh heads are so small that the answer hardly depends on the face
        model.gender_head.weight.mul_(50)
        model.age_head.weight.mul_(50)
    return model


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def model(request) -> GenderAgeModel:
    return tiny(**request.param)


def noise(side: int = 32) -> torch.Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def pixel_values(model) -> torch.Tensor:
    return noise(model.config.image_size)


def test_relevance_is_a_grid_from_0_to_1_and_the_distribution_is_the_models(model, pixel_values):
    explanation = explain_pixels(model, pixel_values)
    for relevance in (explanation.gender_relevance, explanation.age_relevance):
        assert relevance.shape == (4, 4)
        assert relevance.min() >= 0
        assert relevance.max() == pytest.approx(1)
    with torch.inference_mode():
        expected = model(pixel_values).age_logits.softmax(-1)[0]
    np.testing.assert_allclose(explanation.age_distribution, expected, atol=1e-5)
    assert not np.allclose(explanation.gender_relevance, explanation.age_relevance, atol=0.05)


def test_the_model_stays_as_it_was(model, pixel_values):
    before = {name: values.clone() for name, values in model.state_dict().items()}
    explain_pixels(model, pixel_values)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert not any(module.training for module in model.modules())
    assert all(torch.equal(values, before[name]) for name, values in model.state_dict().items())


def test_it_works_whatever_the_callers_gradient_mode(model, pixel_values):
    expected = explain_pixels(model, pixel_values).age_relevance
    with torch.inference_mode():
        born_inside = pixel_values.clone()
        np.testing.assert_allclose(explain_pixels(model, born_inside).age_relevance, expected, atol=1e-6)
        assert torch.is_inference_mode_enabled()
    with torch.no_grad():
        np.testing.assert_allclose(explain_pixels(model, pixel_values).age_relevance, expected, atol=1e-6)
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("side", [32, 48], ids=["own size", "interpolated"])
@pytest.mark.parametrize("settings", [{}, CONVOLUTIONAL, MOBILENET], ids=["stock", "convolutional", "mobilenet"])
def test_from_a_modules_output_on_it_is_the_models_own_forward(settings, side):
    model = tiny(**settings)
    side = side * model.config.image_size // 32
    faces = torch.randn(3, 3, side, side)
    with torch.inference_mode():
        features, replaced = faces, []
        for module in explained_modules(model.backbone, model.family):
            features = module(features)
            replaced.append(module)
            gender, age = logits_from_features(model, replaced, features, side)
            output = model(faces)
            torch.testing.assert_close(gender, output.gender_logits)
            torch.testing.assert_close(age, output.age_logits)


@pytest.mark.parametrize("kind", ["mirrored", "mobilenet"])
def test_the_mirror_image_has_the_mirrored_map(kind):
    # In float32 it depends on the number of threads which side of a ReLU's kink a value near zero is on.
    model = tiny(**KINDS[kind]).double()
    pixel_values = noise(model.config.image_size)
    one, other = explain_pixels(model, pixel_values), explain_pixels(model, pixel_values.flip(-1))
    np.testing.assert_allclose(one.age_relevance, other.age_relevance[:, ::-1], atol=1e-4)
    np.testing.assert_allclose(one.gender_relevance, other.gender_relevance[:, ::-1], atol=1e-4)
    assert not np.allclose(one.age_relevance, one.age_relevance[:, ::-1], atol=0.05)


def test_only_the_place_that_differs_from_the_blank_is_relevant():
    """In a stock ViT each patch token sees its own pixels only; the mean colour is made to stay that of the rest."""
    pixel_values = torch.zeros(1, 3, 32, 32)
    pixel_values[..., 8:12, 16:24], pixel_values[..., 12:16, 16:24] = 1.0, -1.0
    relevance = explain_pixels(tiny(), pixel_values).gender_relevance
    assert relevance[1, 2] == pytest.approx(1)
    assert np.delete(relevance.ravel(), 6).max() < 1e-4


def test_mobilenets_stem_tells_finer_places_than_its_patches():
    model = tiny(**MOBILENET)
    assert model.backbone.embeddings.patch_embeddings.num_patches == 4
    assert explain_pixels(model, noise(64)).age_relevance.size == 16


def test_a_blank_face_has_no_relevant_place(model):
    explanation = explain_pixels(model, torch.full((1, 3, 32, 32), 0.25))
    assert explanation.gender_relevance.max() < 0.1
    assert explanation.age_relevance.max() < 0.1


def test_a_model_in_training_mode_is_refused(model, pixel_values):
    with pytest.raises(ValueError, match="training mode"):
        explain_pixels(model.train(), pixel_values)


def test_a_crop_is_normalised_as_for_the_answer():
    processor = ViTImageProcessor(
        size={"height": 32, "width": 32},
        image_mean=[0.4] * 3,
        image_std=[0.2] * 3,
        alignment=DEFAULT_ALIGNMENT.to_dict(),
    )
    predictor = GenderAgePredictor(tiny(), processor, detector=object())
    crop = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    pixels = (torch.from_numpy(np.array(crop)).permute(2, 0, 1)[None] / 255 - 0.4) / 0.2
    expected = explain_pixels(predictor.model, pixels)
    np.testing.assert_allclose(explain_face(predictor, crop).gender_relevance, expected.gender_relevance, atol=1e-3)


@pytest.fixture(scope="module")
def predictor() -> GenderAgePredictor:
    return GenderAgePredictor.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def faces(predictor) -> torch.Tensor:
    """`(n, 3, side, side)`: nine faces of the example photos, as the model sees them."""
    crops = []
    for name in ("congress.jpg", "group.jpg"):
        photo = open_photo(REPOSITORY / "examples" / name)
        prediction = predictor.predict(photo)
        upright = rotate_image(photo, prediction.rotation)
        crops += [predictor.align(upright, face) for face in prediction.faces]
    return predictor.image_processor(crops, do_resize=False, return_tensors="pt")["pixel_values"]


@pytest.fixture(scope="module")
def relevance(predictor, faces) -> dict[str, np.ndarray]:
    """`(n, patches)` for either answer."""
    return relevance_of(predictor.model, faces)


def relevance_of(model: GenderAgeModel, faces: torch.Tensor) -> dict[str, np.ndarray]:
    explanations = [explain_pixels(model, face[None]) for face in faces]
    return {
        "gender": np.stack([explanation.gender_relevance.ravel() for explanation in explanations]),
        "age": np.stack([explanation.age_relevance.ravel() for explanation in explanations]),
    }


@torch.inference_mode()
def answers(model: GenderAgeModel, faces: torch.Tensor) -> dict[str, torch.Tensor]:
    """Log-odds of the genders, and years."""
    output = model(faces)
    log_odds = output.gender_logits[:, 1] - output.gender_logits[:, 0]
    return {"gender": log_odds, "age": expected_age(output.age_logits)}


def masked(faces: torch.Tensor, filling: torch.Tensor, importance: torch.Tensor) -> torch.Tensor:
    """`faces` with the fifth of the patches that has the highest `(n, patches)` importance taken from `filling`."""
    patches = importance.shape[1]
    top = importance.topk(round(MASKED_SHARE * patches)).indices
    grid = round(patches**0.5)
    mask = torch.zeros_like(importance, dtype=torch.float32).scatter(1, top, 1).view(-1, 1, grid, grid)
    return torch.lerp(faces, filling, torch.nn.functional.interpolate(mask, size=faces.shape[-1], mode="nearest"))


FILLINGS = {
    "mean colour": lambda faces: faces.mean(dim=(2, 3), keepdim=True).expand_as(faces).contiguous(),
    "blurred": lambda faces: gaussian_blur(faces, kernel_size=41, sigma=8.0),
}


@pytest.mark.parametrize("filling", ["mean colour", pytest.param("blurred", marks=pytest.mark.slow)])
def test_masking_the_relevant_fifth_moves_the_answers_more_than_masking_at_random(predictor, faces, relevance, filling):
    filled, whole = FILLINGS[filling](faces), answers(predictor.model, faces)
    generator = torch.Generator().manual_seed(0)
    draws = [torch.rand(relevance["age"].shape, generator=generator) for _ in range(DRAWS)]
    by_chance = [answers(predictor.model, masked(faces, filled, draw)) for draw in draws]
    for answer, importance in relevance.items():
        after = answers(predictor.model, masked(faces, filled, torch.from_numpy(importance)))[answer]
        moved = (after - whole[answer]).abs().mean().item()
        moved_by_chance = np.mean([(each[answer] - whole[answer]).abs().mean().item() for each in by_chance])
        assert moved > LEAST_RATIO * moved_by_chance, f"{answer}: {moved:.2f}, at random {moved_by_chance:.2f}"


def test_random_weights_give_another_map(predictor, faces, relevance):
    torch.manual_seed(0)
    untrained = relevance_of(GenderAgeModel(predictor.model.config).eval(), faces)
    for answer, trained in relevance.items():
        alike = [np.corrcoef(one, other)[0, 1] for one, other in zip(trained, untrained[answer], strict=True)]
        assert np.mean(alike) < 0.5, answer


def test_faces_of_different_people_have_different_maps(relevance):
    for maps in relevance.values():
        assert np.abs(maps - maps.mean(axis=0)).max(axis=1).min() > 0.05
