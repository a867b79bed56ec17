"""The picture of a run: one curve for the training loss, one for each data set, one over all."""

from PIL import Image

from trainer.training.curves import curves, draw_curves


def history(sources, steps=(10, 20, 30)):
    entries = [{"step": step, "loss": 5 - step / 10} for step in range(1, 31)]
    for step in steps:
        for prefix in ("", *(f"{source}_" for source in sources)):
            metrics = {"loss": 4 - step / 20, "age_mae": 9 - step / 10, "gender_accuracy": 0.5 + step / 100}
            entries.append({"step": step, **{f"eval_{prefix}{name}": value for name, value in metrics.items()}})
    return entries


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_the_curves_hold_what_the_run_logged():
    figure = curves(history(["utkface", "own"]), ["utkface", "own"], best_step=20)
    loss, age, gender = figure.axes
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "MAE of the age (years)", "accuracy of the gender"]
    assert list(lines(loss)) == ["training", "utkface", "own", "validation, all", "best step, 20"]
    assert len(lines(loss)["training"].get_xdata()) == 30
    assert list(lines(age)["own"].get_xdata()) == [10, 20, 30]
    assert list(lines(gender)["validation, all"].get_ydata()) == [0.6, 0.7, 0.8]
    assert list(lines(age)["best step, 20"].get_xdata()) == [20, 20]
    assert len(figure.legends[0].get_texts()) == 5


def test_one_data_set_is_one_curve():
    figure = curves(history(["own"]), ["own"], best_step=None)
    assert list(lines(figure.axes[0])) == ["training", "validation"]


def test_shares_stay_between_none_and_all():
    entries = [{"step": step, "eval_loss": 1, "eval_gender_accuracy": 1.0} for step in (10, 20)]
    _, gender = curves(entries, ["own"], best_step=None).axes
    low, high = gender.get_ylim()
    shown = [tick for tick in gender.get_yticks() if low <= tick <= high]
    assert [gender.yaxis.get_major_formatter()(tick) for tick in shown] == ["94%", "96%", "98%", "100%"]


def test_a_run_without_evaluations_has_its_loss(tmp_path):
    path = draw_curves(history(["own"], steps=()), ["own"], None, tmp_path)
    with Image.open(path) as picture:
        assert min(picture.size) > 400
