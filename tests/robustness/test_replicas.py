"""Replicas behind nginx: one dies, and the others answer at once; its visitors send again, and nothing is swapped."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fakes import age_of

from .crowd import own_photos
from .replicas import CONFIG, NGINX, Replicas, config_for, kill

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
VISITORS, TURNS = 12, 5


def test_the_example_keeps_visitors_apart_and_streams():
    """What a visitor would lose without: gradio's queue and uploads are of one process, and answers are streams."""
    text = CONFIG.read_text()
    for needed in (
        "hash $remote_addr consistent;",
        "proxy_buffering off;",
        "proxy_http_version 1.1;",
        "client_max_body_size 0;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ):
        assert text.count(needed) == 1
    assert text.count("max_fails=1 fail_timeout=10s") == 2


@needs_nginx
def test_nginx_accepts_the_example(tmp_path):
    config = config_for(tmp_path, 8080, [8081, 8082, 8083])
    assert config.read_text().count("server 127.0.0.1:808") == 3
    checked = subprocess.run([NGINX, "-t", "-c", str(config)], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stderr


@needs_nginx
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_when_a_replica_dies_the_others_answer_and_nothing_is_swapped(tmp_path):
    photos = own_photos(VISITORS)
    with Replicas(tmp_path, 2, "--fake", "--seconds", "0.1") as replicas:
        homes = [replicas.of_visitor(number) for number in range(VISITORS)]
        assert {id(home) for home in homes} == {id(page) for page in replicas.pages}, "both have visitors"
        dead = replicas.pages[0]
        begun, died = threading.Barrier(VISITORS + 1), []

        def visit(number: int) -> tuple[list[dict], int]:
            visitor, found, broken = replicas.visitor(number), [], 0
            begun.wait(60)
            while len(found) < TURNS:
                try:
                    found.append(visitor.predict(f"{number}-{len(found)}.jpg", photos[number]))
                except (httpx.HTTPError, json.JSONDecodeError, AssertionError):
                    broken += 1
                    assert broken < 20
                    time.sleep(0.2)
            return found, broken

        with ThreadPoolExecutor(VISITORS) as pool:
            visits = [pool.submit(visit, number) for number in range(VISITORS)]
            begun.wait(60)
            time.sleep(1)
            kill(dead)
            died.append(time.monotonic())
            newcomer = replicas.visitor(VISITORS)
            answer = newcomer.predict("new.jpg", photos[0])
            waited = time.monotonic() - died[0]
            results = [visit.result(120) for visit in visits]
    assert answer["error"] is None
    assert waited < 10
    for number, (found, _) in enumerate(results):
        for turn, each in enumerate(found):
            assert each["photo"] == f"{number}-{turn}.jpg"
            assert each["faces"][0]["age"] == age_of((each["width"], each["height"]))
        assert len({(each["width"], each["height"]) for each in found}) == 1
    assert all(broken == 0 for (_, broken), home in zip(results, homes, strict=True) if home is not dead)
    assert sum(broken for _, broken in results) >= 1, "nobody was asking when it died"
