"""The Photo tab: a photo goes in, a button and a card for every face come out; and `/predict` for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import gradio as gr

from gender_age.detection import MIN_SCORE
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.small_faces import FINE_FACE_SHARE

from ..inputs.clamped_slider import clamped
from ..inputs.min_score import min_score_argument, min_score_slider
from ..inputs.photo_files import GivenFile
from ..server.zero_gpu import on_gpu
from ..shared.analysis import AnalysedPhoto, analyse, predict_photo
from ..shared.notes import note_html
from ..shared.pictures import NOTHING, picture_html
from ..shared.settings import EXAMPLES, PHOTO_PLACES, SAMPLE, STATE_SECONDS, STRESS_TESTS
from ..shared.wording import rounded
from .cards import WELCOME, summary_html
from .choosing import build_choosing, build_waiting, file_at
from .examples import example_at, example_pictures, sample_value
from .figure import figure_value, photo_figure, save_pictures
from .hints import missing_faces_hint
from .tools import build_tools

# Larger faces than the maximum are always shown.
SMALLEST_PERCENT, LARGEST_PERCENT = 100 * FINE_FACE_SHARE, 30.0
GONE_NOTE = note_html("none", "The photo is no longer kept here.", "Choose it again to see its faces.", "note")
# What waiting.js waits for. A failure leaves the last answer on the page, whatever failed: the queue is full, the
# server is gone.
ANSWERED = "() => { document.dispatchEvent(new Event('ga-answered')); }"
FAILED = "() => { document.dispatchEvent(new Event('ga-failed')); }"
GIVEN = "(address) => { document.dispatchEvent(new CustomEvent('ga-given', { detail: address })); return address; }"


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo with all its faces, without its display copy, and the paths of that and then of every face's picture."""

    analysed: AnalysedPhoto
    paths: tuple[str, ...] = ()


def build_photo_tab(predictor: GenderAgePredictor) -> gr.State:
    """Adds the tab's components, its events and the named API `/predict` to the current `gr.Tab`.

    Returns:
        The `AnalysedPhoto` of this session with the faces that are shown, or None where there is no photo.
    """

    @on_gpu
    def analysed(photo: GivenFile | str | None) -> AnalysedPhoto:
        return analyse(predictor, photo)

    @on_gpu
    def predicted(photo: GivenFile | str | None, min_score: float | None) -> PhotoPrediction:
        return predict_photo(predictor, photo, min_score)[1]

    def predict(photo: GivenFile | str | None, min_score: float | None = MIN_SCORE) -> dict:
        """Finds every face in a photo and estimates its apparent age, with an interval, and its perceived gender.

        Age is how old a face looks; gender is how it is read, as one of two labels. Errors are larger for children, old
        people, and small, blurred or turned faces. The answer is not for age checks, identification, or any decision
        about a person. The photo is deleted within 40 minutes.

        The answer has photo (its name), width and height in pixels after turning it by rotation (0, 90, 180 or 270
        degrees counter-clockwise), error (null, or a sentence that says why the photo cannot be used), and faces from
        left to right; where there is no face, that list is empty. Each face has box [x1, y1, x2, y2] in pixels, score
        of the detector (0 to 1), gender ("female" or "male"), gender_probability (0.5 to 1), uncertain (true where the
        gender is not to be relied on), age in years (0 to 100), age_interval [first, last] in years, and
        age_interval_level (the share of true ages that such intervals are meant to hold).

        Args:
            photo: It is a JPEG, PNG, HEIC or the like: an upload of at most 200 MB, or an address of at most 50 MB.
            min_score: Faces with a lower detection score (0 to 1) are left out. The detector finds none below 0.6.
        """
        return predicted(photo, min_score).to_dict()

    def searched(given: GivenFile | str | None) -> dict:
        """The chosen photo with all its faces; empties the input."""
        answer = analysed(given)
        paths = save_pictures(answer, figure.GRADIO_CACHE)
        # The display copy is a file now; its pixels, some seven megabytes, would stay in the session.
        return {found: FoundPhoto(replace(answer, display_rgb=None), paths), choosing.photo: None}

    def search(photo: GivenFile | str | None) -> dict:
        """`searched` for a file; a cleared input leaves nothing."""
        return {found: None} if photo is None else searched(photo)

    def search_address(address: str | None) -> dict:
        """`searched` for an address that a visitor typed."""
        return searched(file_at(choosing.photo, address))

    def search_example(index: int) -> dict:
        """`searched` for the example that was clicked."""
        return search(example_at(index, EXAMPLES))

    def search_stress_test(index: int) -> dict:
        """`searched` for the stress test that was clicked."""
        return search(example_at(index, STRESS_TESTS))

    @cache
    def sample_answer() -> dict:
        """What the model answers for an example; it is asked once."""
        return sample_value(analysed(str(SAMPLE)), sample)

    def show(found: FoundPhoto | None, min_score: float, smallest_percent: float) -> dict:
        """The updates for the photo under the visitor's thresholds; the model does not run."""
        if found is None:
            hidden = gr.update(visible=False)
            return {summary: WELCOME, figure: NOTHING, details: hidden, answer: None, shown: None}
        everything = found.analysed.prediction
        kept = kept_faces(everything, min_score, smallest_percent)
        part = only_faces(found.analysed, kept)
        is_usable = part.prediction.error is None
        paths = [found.paths[0], *(found.paths[1 + index] for index in kept)] if is_usable else []
        return {
            summary: summary_html(part.prediction, len(everything.faces), missing_faces_hint(everything)),
            figure: figure_value(part, paths) if is_usable else NOTHING,
            details: gr.update(visible=is_usable),
            answer: rounded(part.prediction.to_dict()),
            shown: part,
        }

    def show_again(found: FoundPhoto | None, min_score: float, smallest_percent: float) -> dict:
        """`show` for the sliders. They are on the page with a photo only: where none is kept, it has expired."""
        updates = show(found, min_score, smallest_percent)
        return updates if found is not None else updates | {summary: GONE_NOTE}

    found, shown = (gr.State(time_to_live=STATE_SECONDS) for _ in range(2))
    with gr.Column(elem_id="stage"):
        with gr.Column(elem_id="stage-input"):
            choosing = build_choosing()
        waiting = build_waiting()
        with gr.Column(elem_id="result"):
            summary = gr.HTML(WELCOME, elem_id="summary")
            sample = picture_html(apply_default_css=False, elem_id="sample")
            figure = photo_figure(elem_id="faces")
            with gr.Accordion("Hide small or doubtful faces", open=False, elem_id="which"):
                min_score = min_score_slider(elem_id="score")
                smallest = clamped(
                    gr.Slider(
                        SMALLEST_PERCENT,
                        LARGEST_PERCENT,
                        SMALLEST_PERCENT,
                        step=0.5,
                        label="Smallest face (%)",
                        info="Of the photo's longer side",
                        elem_id="smallest",
                    )
                )
            with gr.Accordion("The same as JSON", open=False, visible=False, elem_id="details") as details:
                answer = gr.JSON(label="The photo and its faces", show_label=False, elem_id="json")
            build_tools(choosing.photo, [summary, figure, answer], [found, shown], details)
        with gr.Column(elem_id="stage-examples"):
            examples, stress_tests = example_pictures(choosing.photo)
    photo = choosing.photo
    thresholds = [min_score, smallest]
    outputs = [summary, figure, details, answer, shown]
    # Not queued: with a full queue, the answer would not be shown.
    unseen = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    places = {"api_visibility": "private", "show_progress_on": waiting, "show_progress": "minimal", **PHOTO_PLACES}
    for searching in (
        # Not `change`: gradio empties the input while it uploads.
        photo.upload(search, photo, [found, photo], **places),
        choosing.address.submit(search_address, choosing.address, [found, photo], js=GIVEN, **places),
        examples.click(search_example, examples, [found, photo], **places),
        stress_tests.click(search_stress_test, stress_tests, [found, photo], **places),
    ):
        showing = searching.success(show, [found, *thresholds], outputs, **unseen)
        showing.success(None, None, None, js=ANSWERED, **unseen)
        for event in (searching, showing):
            event.failure(None, None, None, js=FAILED, **unseen)
    gr.on(None, sample_answer, None, sample, **unseen)
    gr.on(
        [min_score.change, smallest.change],
        show_again,
        [found, *thresholds],
        outputs,
        trigger_mode="always_last",
        **unseen,
    )
    # A hidden button gives the API a function of its own, so that the model does not run twice.
    arguments = [photo, min_score_argument()]
    gr.Button(visible=False).click(predict, arguments, answer, api_name="predict", **PHOTO_PLACES)
    return shown


def kept_faces(prediction: PhotoPrediction, min_score: float, smallest_percent: float) -> list[int]:
    """The indices of the faces above both thresholds; all of them at the detector's own minimum.

    Args:
        min_score: the lowest score, in [0, 1]; faces without a score stay.
        smallest_percent: minimum of a box's longer side, in percent of the photo's longer side.
    """
    longest = max(prediction.width or 0, prediction.height or 0)
    return [
        index
        for index, face in enumerate(prediction.faces)
        if (face.score is None or min_score <= MIN_SCORE or face.score >= min_score)
        and (smallest_percent <= SMALLEST_PERCENT or _longer_side(face.box) * 100 >= smallest_percent * longest)
    ]


def only_faces(analysed: AnalysedPhoto, indices: Sequence[int]) -> AnalysedPhoto:
    """The photo with only the faces at `indices`, in this order."""
    faces = tuple(analysed.prediction.faces[index] for index in indices)
    crops = tuple(analysed.crops[index] for index in indices)
    return replace(analysed, prediction=replace(analysed.prediction, faces=faces), crops=crops)


def _longer_side(box_xyxy: tuple[int, int, int, int]) -> int:
    return max(box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1])
