"""What the About tab says beside the measurements and the model."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from gender_age.measurements import EvaluationRecord
from gender_age.records import TrainingRecord

from ..shared.charts import Bar
from ..shared.notes import PRIVACY

# As in CITATION.cff; a test compares the two.
BIBTEX = """\
@software{gender_and_age,
  title   = {Gender-and-Age: faces in a photo with gender
             probability, apparent age and a calibrated
             interval},
  author  = {{The Gender-and-Age maintainers}},
  version = {0.2.0},
  date    = {2026-11-28},
  license = {Apache-2.0}
}"""
CLIENT_CODE = """\
from gradio_client import Client, handle_file

client = Client("{here}")
photo = handle_file("photo.jpg")
answer = client.predict(photo, api_name="/predict")
for face in answer["faces"]:
    print(face["age"], face["age_interval"])"""
LIBRARY_CODE = """\
from gender_age import GenderAgePredictor

predictor = GenderAgePredictor.from_pretrained()
for face in predictor.predict("photo.jpg").faces:
    print(face.age, face.age_interval)
    print(face.gender, face.gender_probability)"""
LOCAL_PAGE = "http://localhost:7860"
NO_REPORT = """<p class="ga-lead">This checkpoint came without measurements, so nothing is claimed about it. Expect
errors that are large, and larger for some groups than for others.</p>"""
UNREADABLE = """<p class="ga-lead">The evaluation report of this checkpoint is of another shape than this page reads, so
no number of it is shown.</p>"""
WHISKERS = "<p><small>The thin lines show where a number could lie by chance alone (95% intervals).</small></p>"

NOT_FOR = """
<p>It is for research, teaching and trying out how such models err, and for whom. It is <b>not</b> for:</p>
<ul>
<li><b>Age checks</b> or any proof of age.</li>
<li><b>Identifying</b> or finding anyone, <b>surveillance</b>, policing or border control.</li>
<li><b>Hiring</b>, credit, insurance, <b>advertising</b>, or <b>any other decision about a person</b>. The <a
href="#about-errors">errors</a> are too large and too unequal, and laws on biometric categorisation may forbid it.</li>
<li><b>Gender identity.</b> Who somebody is cannot be seen in a photo.</li>
<li>Guessing race, health, sexuality or character. The model answers none of these.</li>
<li><b>Photos of people who did not agree</b> to it.</li>
</ul>"""
PHOTOS = f"""
<ul>
<li>{PRIVACY} Files that are made for you to download go with
them. The pictures of <i>Live</i> are written to no file.</li>
<li>Nothing about a photo, a face or its file name is <b>logged</b>.</li>
<li>There is <b>no telemetry</b>, and this page fetches nothing from elsewhere: no fonts, no scripts, no counters.</li>
<li>Photos are not used for training.</li>
</ul>"""


def sections_html(opening: tuple[str, str, str], folds: dict[str, tuple[str, str]]) -> str:
    """The section that is seen at once, then folds.

    Args:
        opening: name, title and HTML.
        folds: their names -> title and HTML.
    """
    name, title, body = opening
    heading = f'<h2 id="about-{name}-title" tabindex="-1">{title}</h2>'
    first = f'<section id="about-{name}" aria-labelledby="about-{name}-title">{heading}{body}</section>'
    rest = "".join(
        f'<details id="about-{name}" class="ga-fold"><summary><h2>{title}</h2></summary>'
        f'<div class="ga-folded">{body}</div></details>'
        for name, (title, body) in folds.items()
    )
    return f'<div class="ga-about">{first}<div class="ga-folds">{rest}</div></div>'


def labels_html(training: TrainingRecord | None) -> str:
    """What ages and genders mean, by the data that the weights were trained on; the card says the same."""
    training = training or TrainingRecord()
    known, sources = training.are_all_known, training.all_sources
    judged = ", as people or\nchecked algorithms judged such faces" if known and "all-age-faces" not in sources else ""
    read = "how annotators read a face, in two classes" if known else "two classes, whoever gave the labels"
    records = (
        "" if known else " Of data whose provenance is not recorded, ages and genders may as well be those in records."
    )
    noise = """
<p>Such labels disagree with themselves: in UTKFace, two nearly identical pictures of one person often carry different
ages and sometimes different genders. No model can be measured to be better than that.</p>"""
    return f"""
<p><b>Age is apparent age</b>: how old a face looks in this light, with this make-up and this camera{judged}. The last
year of the scale stands for 100 and more.</p>
<p><b>Gender is perceived and binary</b>: {read}. It says nothing of how somebody lives or feels.{records}</p>""" + (
        noise if "utkface" in sources else ""
    )


def opening(report: EvaluationRecord, training: TrainingRecord | None) -> str:
    """What the numbers are of, in a sentence, and what to read before using them."""
    unseen = " on pictures of a test split" if report.is_kept_out(training) else ""
    fitted = f" <b>{text}</b>" if (text := report.fitted_to(training)) else ""
    return f"""<p class="ga-lead">This is how well the model does{unseen}.{fitted} It does worse for some people than
for others: see <a href="#about-all">all measurements</a>, and <a href="#about-uses">what it must not be used
for</a>.</p>"""


def how_measured(report: EvaluationRecord, training: TrainingRecord | None) -> str:
    """When, where and how the report came about."""
    when = f" on {escape(report.day)}" if report.day else ""
    where = f" on the {escape(report.split)} split" if report.split else ""
    if report.is_kept_out(training):
        where += ", pictures kept out of the training if prepared from the same files"
    few = f", on {report.limit:,} pictures of each source only" if report.limit else ""
    way = "The positions of the faces were known beforehand, so that only the model is under test."
    if report.headline == "end_to_end":
        way = "The detector searches each picture as it would yours; where it misses the face, it takes the whole."
    return f"""<p>Measured{when}{where}{few}. {way} The thin lines of the charts are 95%
intervals: by chance alone, the number could lie anywhere there. The groups are those of the data’s labels.</p>"""


def programs_html() -> str:
    """How to call the running page and the library."""
    return f"""
<p>The page answers programs too, with the same JSON for every photo, unusable ones included:</p>
{code_html(CLIENT_CODE.format(here=LOCAL_PAGE), "the call of the page")}
<p><b>Use via API</b> at the foot of this page lists every endpoint, and <code>docs/api.md</code> in the repository
explains them. Without a server, from the repository’s folder:</p>
{code_html(LIBRARY_CODE, "the call of the library")}"""


def cite_html() -> str:
    """How to cite, as BibTeX."""
    data = 'Please cite the data too; their papers are named under <a href="#about-licences">Licences</a>.'
    return f"{code_html(BIBTEX, 'BibTeX')}<p>{data}</p>"


def code_html(code: str, what: str) -> str:
    """A block of code with a button that copies it; `what` names it for screen readers."""
    button = f'<button type="button" class="ga-copy"><span aria-live="polite">Copy</span>{_unseen(what)}</button>'
    return f'<div class="ga-code">{button}<pre><code>{escape(code)}</code></pre></div>'


def listed(names: Sequence[str]) -> str:
    """`"a, b and c"`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def people(bar: Bar) -> str:
    """Whom a bar's age band holds, as HTML: `"people from 60"`, `"people of 10–19 years"`."""
    label = escape(bar.label)
    return f"people from {label[:-1]}" if label.endswith("+") else f"people of {label} years"


def of_100(bar: Bar) -> str:
    """`"61 of 100"`."""
    return f"{100 * bar.value:.0f} of 100"


def labelled(bar: Bar) -> str:
    """What the faces of a bar are labelled, as HTML: `"White and male (n = 280)"`."""
    return f"{escape(bar.label)} and {escape(bar.series)} (n = {bar.n:,})"


def years(value: float) -> str:
    """`"5.2 years"`."""
    return f"{value:.1f} years"


def _unseen(text: str) -> str:
    return f'<span class="ga-unseen"> {escape(text)}</span>'
