"""README.md of a Space follows from the records of the model that it carries."""

import json
import re
import shutil

import pytest
from huggingface_hub import metadata_load

from trainer import deploy


@pytest.mark.parametrize("measured", [False, True])
def test_the_readme_of_another_models_space_says_what_its_records_say(tiny_model_folder, tmp_path, report, measured):
    model = tmp_path / "model"
    shutil.copytree(tiny_model_folder, model)
    if measured:
        (model / "evaluation.json").write_text(json.dumps(report))
    card = deploy.deploy_to_folder(tmp_path / "space", str(model)) / "README.md"
    readme = card.read_text("utf-8")
    settings = metadata_load(deploy.ROOT / "README.md")
    assert metadata_load(card) == settings
    assert ("MAE 6.25 (6.24 to 6.26) years" in readme) == measured
    assert ("nothing is claimed" in readme) == (not measured)
    assert not re.findall(r"FairFace|MobileNet|four times out of five|docs/|\d+ ms|\d s\b", readme)
    assert ("UTKFace" in readme) == measured  # which is the report's
    assert "The labels are" not in readme, "who made them is not recorded"
