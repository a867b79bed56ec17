from page.shared.wording import rounded


def test_json_for_people_has_three_decimals():
    value = {
        "faces": [{"score": 0.99998765, "box": [1, 2], "uncertain": True, "age": 30.0, "name": "a"}],
        "error": None,
    }
    shown = rounded(value)
    assert shown == {
        "faces": [{"score": 1.0, "box": [1, 2], "uncertain": True, "age": 30.0, "name": "a"}],
        "error": None,
    }
    assert shown["faces"][0]["uncertain"] is True
