"""`python -m labelling`: its sentences, and one job from photos to rows."""

import argparse
import subprocess
import sys

import pandas as pd
import pytest
from ray.exceptions import RayTaskError

from gender_age.writers import COLUMNS, NO_FACE
from labelling import cluster, job
from labelling.__main__ import main, parse_arguments
from labelling.cluster import INPUT_CPUS, OUTPUT_CPUS, SEARCH_CPUS, Stages
from labelling.command import summary
from labelling.errors import JobFailedError, LabellingError, StoreLostError
from labelling.model_choice import ModelChoice
from labelling.output import README, RECORD, REPORT, Counts, Output
from tests.conftest import REPOSITORY

from .conftest import command


def test_a_job_on_this_machine(photos, tmp_path, tiny_model_folder, capfd):
    out = tmp_path / "out"
    done = command(photos, out, "--model", tiny_model_folder, "--cpus", 1, "--report", "--distribution")
    assert done.returncode == 0, done.stderr
    assert "4 photos (4 now" in done.stdout
    rows = pd.read_parquet(out).sort_values("path")
    assert list(rows.columns) == [*(name for name in COLUMNS if name != "photo"), "age_distribution"]
    assert rows["path"].tolist() == [
        f"{photos}/{name}" for name in ("bera.jpg", "collins.jpg", "inside/broken.jpg", "inside/nobody.png")
    ]
    assert rows["face"].fillna(0).tolist() == [1, 1, 0, 0]
    assert rows["error"].tolist()[3] == NO_FACE
    assert "is not a photo" in rows["error"].tolist()[2]
    assert {path.name for path in out.iterdir() if path.suffix != ".parquet"} == {README, RECORD, REPORT}
    # Nothing of Ray nor of weights, and no name of a photo, beside the bar.
    assert "4/4" in done.stderr
    assert "weights" not in done.stderr
    assert len(done.stderr.replace("\r", "\n").strip().splitlines()) < 20, done.stderr
    assert main([str(photos), str(out), "--cpus", "1"]) == 2
    assert "was labelled with another model and distribution" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "nowhere/at/all"], "There is no model folder"),
        (["--min-score", "2"], "is no number from 0 to 1"),
        (["--cpus", "0"], "is no number from 1 on"),
        (["--gpus", "-1"], "is no number from 0 on"),
        (["--batch-size", "many"], "is no number from 1 on"),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path, capfd, arguments, sentence):
    try:
        status = main([str(tmp_path), str(tmp_path / "out"), *arguments])
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert sentence in capfd.readouterr().err


@pytest.mark.parametrize("places", [["", "out"], ["photos", ""]])
def test_a_variable_that_is_not_set_is_no_place(capfd, places):
    """Of paths, an empty one is the working directory."""
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(places)
    assert "an empty name is no place" in capfd.readouterr().err


def test_no_more_cores_are_asked_for_than_there_are(monkeypatch):
    asked = {}

    def init(address, **given):
        asked.update(given)
        raise RuntimeError("That is all.")

    monkeypatch.setattr(cluster.ray, "init", init)
    monkeypatch.setattr(cluster, "_cores", lambda: 4)
    for cpus in (1000, 3, None):
        with pytest.raises(LabellingError, match="That is all"), cluster.cluster(None, cpus, None):
            pass
        assert asked["num_cpus"] == min(cpus or 4, 4)


@pytest.mark.parametrize(
    ("given", "is_usable", "wanted"),
    [([], False, 0), ([], True, None), (["--gpus", "0"], True, 0), (["--gpus", "2"], True, 2)],
)
def test_gpus_that_torch_cannot_use_are_left_alone(monkeypatch, given, is_usable, wanted):
    """As with torch for CPUs, or an old driver: Ray counts them, and every actor with the model would fail."""

    def init(address, **options):
        raise RuntimeError(f"{options['num_gpus']} GPUs.")

    monkeypatch.setattr(cluster.ray, "init", init)
    monkeypatch.setattr(cluster.torch.cuda, "is_available", lambda: is_usable)
    gpus = parse_arguments(["photos", "out", *given]).gpus
    with pytest.raises(LabellingError, match=rf"\({wanted} GPUs\)"), cluster.cluster(None, None, gpus):
        pass


def test_without_the_extra_the_command_names_it(tmp_path):
    hidden = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name in ('ray', 'matplotlib') else find(name, *a)\n"
        "sys.modules['ray'] = None\n"
        "from labelling.__main__ import main; sys.exit(main(['photos', 'out']))"
    )
    done = subprocess.run([sys.executable, "-c", hidden], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'Labelling needs ray and matplotlib: pip install -e ".[scale]"\n'


def test_help_answers_without_ray():
    seen = "import sys, labelling.__main__; print('ray' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", seen], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
    assert isinstance(parse_arguments(["photos", "out"]), argparse.Namespace)


@pytest.mark.parametrize("cpus", [1, 2, 3, 8, 64, 1000])
def test_the_stages_fit_into_the_cores(cpus):
    """Also beside the core that Ray Data takes when a job goes on, for at least one of each."""
    stages = Stages.of(cpus, 0)
    taken = stages.searchers * SEARCH_CPUS + stages.models * stages.model_resources["num_cpus"]
    assert stages.searchers == cpus
    assert taken + OUTPUT_CPUS + INPUT_CPUS <= cpus
    assert 1 + SEARCH_CPUS + stages.model_resources["num_cpus"] + OUTPUT_CPUS + INPUT_CPUS <= 2


def test_the_model_takes_every_gpu():
    stages = Stages.of(32, 4)
    assert (stages.searchers, stages.models, stages.device) == (32, 4, "cuda")
    assert stages.model_resources["num_gpus"] == 1


def test_the_summary():
    counts = Counts(photos=2000, faces=2100, without_face=10, errors=3)
    assert summary(counts, 1000, 20.0) == (
        "2,000 photos (1,000 now, 50.0 a second): 2,100 faces, 10 photos without a face, 3 with an error."
    )
    assert "(0 now, nothing new)" in summary(counts, 0, 20.0)
    one = Counts(photos=1, faces=1, without_face=1, errors=0)
    assert summary(one, 1, 2.0, videos=True) == (
        "1 video (1 now, 0.5 a second): 1 person, 1 video without a face, 0 with an error."
    )


def from_ray(error):
    """What Ray Data raises in place of an error of a stage: with advice under its message."""
    error.args = (f"{error}\nFailed to apply UDF transform.\nTo change retry attempts, …",)
    return RayTaskError("map", "Traceback", error).as_instanceof_cause()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError("Reading failed:\nThe store is gone."), r"The job failed \(The store is gone\)"),
        (from_ray(OSError("No space left.")), r"The job failed \(No space left\)"),
        (from_ray(StoreLostError("s3://photos can no longer be read (x)")), r"s3://photos can no longer be read \(x\)"),
    ],
)
def test_what_ray_data_passes_on_from_a_store_is_a_sentence(monkeypatch, tmp_path, error, sentence):
    class Rows:
        def map_batches(self, *stage, **how):
            return self

        def write_parquet(self, *where, **how):
            raise error

    monkeypatch.setattr(job.ray.data, "read_datasource", lambda *source, **how: Rows())
    output, model = Output(str(tmp_path)), ModelChoice("model", None, "aa")
    with pytest.raises(JobFailedError, match=rf"^{sentence}\. The same command goes on"):
        job.run([], output, model, job.Settings(), Stages.of(2, 0), 32, None)


@pytest.mark.parametrize(
    ("address", "error", "sentence"),
    [
        (None, Exception("The current node timed out during startup.\nDetails"), "Ray cannot start here (The current"),
        ("head.invalid:6379", ConnectionError("No head."), "There is no Ray cluster at head.invalid:6379 that takes"),
    ],
)
def test_a_ray_that_does_not_start_is_a_sentence(monkeypatch, address, error, sentence):
    def fails(*where, **how):
        raise error

    monkeypatch.setattr(cluster.ray, "init", fails)
    with pytest.raises(LabellingError) as caught, cluster.cluster(address, 2, None):
        pass
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_an_error_of_our_own_at_rays_start_is_none_of_the_cluster(monkeypatch):
    def fails(*where, **how):
        raise TypeError("no such argument")

    monkeypatch.setattr(cluster.ray, "init", fails)
    with pytest.raises(TypeError, match="no such argument"), cluster.cluster(None, 2, None):
        pass
