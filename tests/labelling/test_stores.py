"""Photos and rows that are not on this machine: S3 through a server on loopback, and a dataset of the Hub."""

import boto3
import pandas as pd
import pytest

from gender_age.writers import NO_FACE

from .clusters import finished
from .conftest import EXAMPLES, photo_bytes, small_example, write_table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def s3(monkeypatch):
    """The environment of a client, and the server's buckets `photos` and `rows`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    for bucket in ("photos", "rows"):
        client.create_bucket(Bucket=bucket)
    yield client
    server.stop()


def test_photos_and_rows_in_s3(s3, tmp_path, tiny_model_folder):
    for name in EXAMPLES:
        s3.put_object(Bucket="photos", Key=f"faces/{name}", Body=small_example(name))
    s3.put_object(Bucket="photos", Key="faces/inside/broken.jpg", Body=b"no photo")
    arguments = ("s3://photos/faces", "s3://rows/set", "--model", tiny_model_folder, "--cpus", 1)
    assert "4 photos (4 now" in finished(*arguments)
    rows = pd.read_parquet("s3://rows/set").sort_values("path", ignore_index=True)
    assert rows["path"].tolist() == [f"s3://photos/faces/{name}" for name in (*EXAMPLES, "inside/broken.jpg")]
    assert rows["face"].tolist()[:3] == [1, 1, 1]
    s3.put_object(Bucket="photos", Key="faces/nobody.png", Body=photo_bytes())
    assert "5 photos (1 now" in finished(*arguments)
    rows = pd.read_parquet("s3://rows/set").set_index("path")
    assert len(rows) == 5
    assert rows["error"]["s3://photos/faces/nobody.png"] == NO_FACE
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="rows")["Contents"]]
    assert not any("_checkpoint" in key for key in keys)


@pytest.mark.parametrize("prefix", ["", "hf://datasets/"])
def test_a_dataset_of_the_hub(hub, tmp_path, tiny_model_folder, prefix):
    shard = tmp_path / "shard.parquet"
    write_table(shard, [*map(small_example, EXAMPLES), photo_bytes()])
    hub.add_repo("user/faces", "dataset", {"data/train-00000.parquet": shard.read_bytes(), "README.md": b"# Faces"})
    out = tmp_path / "out"
    environment = hub.environment() | {"HF_HUB_OFFLINE": "0"}
    print(finished(f"{prefix}user/faces", out, "--model", tiny_model_folder, "--cpus", 1, **environment))
    rows = pd.read_parquet(out).sort_values("path")
    assert rows["path"].tolist() == [f"{prefix}user/faces/data/train-00000.parquet/{row}" for row in range(4)]
    assert rows["error"].tolist()[3] == NO_FACE
