"""What a run gives: pictures, pages, scores, answers; how it ends early, and that it lets go of the interpreter."""

import os
import signal
import threading
import time
from datetime import datetime, timezone

import polars as pl
import pytest
import trackweave as tw
from conftest import DEMO


@pytest.fixture(scope="module")
def demo():
    return tw.run(DEMO / "recording", DEMO / "policy", executor="host")


def test_pictures_are_tables(demo):
    assert demo.partners == ["aspen", "birch", "clover", "dogwood"]
    picture = demo.picture("aspen")
    arrow, polars, pandas = picture.to_pyarrow(), pl.DataFrame(picture), picture.to_pandas()
    assert len(picture) == arrow.num_rows == polars.height == len(pandas) > 1000
    assert arrow.schema.field("latitude_deg").metadata[b"unit"] == b"deg"
    assert polars["track"].n_unique() == pandas["track"].nunique()
    with pytest.raises(tw.InputError, match="found partner `elm`, wanted one of: aspen, birch"):
        demo.picture("elm")
    with pytest.raises(tw.InputError, match="found no partner"):
        demo.picture()


def test_pages_need_nothing_else(demo):
    page = demo.report()
    assert page.html.startswith("<!doctype html>") or page.html.startswith("<!DOCTYPE html>")
    assert "src=\"http" not in page.html
    assert demo.report("birch").html != page.html
    for shown in [demo, page, demo.picture("aspen")]:
        assert shown._repr_html_().startswith("<iframe srcdoc=\"")


def test_scores_and_the_report_are_data(demo):
    assert demo.score()["aspen"]["coverage"] > 0.9 > demo.score()["birch"]["coverage"]
    again = demo.score(DEMO / "recording")
    assert again["aspen"]["gospa_rms_m"] == demo.score()["aspen"]["gospa_rms_m"]
    assert demo.operator["partners"][0]["partner"] == "aspen"
    assert "aspen" in str(demo) and "GOSPA" in str(demo)


def test_why_is_answered_in_words_and_as_data(demo):
    detection = demo.explain("birch", detection=1)
    assert "fuse" in str(detection) and detection.data[0]["rows"] == 1
    track = int(demo.picture("aspen").to_pyarrow()["track"][0].as_py())
    assert demo.explain("aspen", track=track).data
    answer = demo.why_not("birch", of="aspen", track=track)
    assert "in short" in str(answer) and answer.data["partner"] == "birch"
    with pytest.raises(tw.InputError, match="found no track 999999999 in the lane of `aspen`"):
        demo.why_not("birch", of="aspen", track=999999999)
    with pytest.raises(tw.InputError, match="wanted `detection` or `track`"):
        demo.explain("birch")


def test_the_time_of_a_run_is_one_of_the_recording():
    late = tw.run(DEMO / "recording", DEMO / "policy", as_of=datetime(2030, 1, 1, tzinfo=timezone.utc))
    assert late.operator["partners"]
    with pytest.raises(tw.InputError, match="`as_of` is 5 s, wanted a datetime"):
        tw.run(DEMO / "recording", DEMO / "policy", as_of=5.0)


def test_an_output_without_a_name_goes_with_its_run():
    run = tw.track(DEMO / "recording")
    out, picture = run.out, run.picture()
    del run
    assert out.exists() and picture._repr_html_()
    del picture
    assert not out.exists()


def test_progress_is_told_and_can_end_a_run(tmp_path):
    told = []
    tw.track(DEMO / "recording", progress=lambda *at: told.append(at))
    stages = [stage for stage, *_ in told]
    assert stages[0] == "classing" and stages[-1] == "publishing" and "fusing" in stages
    assert all(done <= total for stage, done, total in told if stage == "fusing")

    def enough(stage, done, total):
        raise StopIteration("enough")

    with pytest.raises(StopIteration, match="enough"):
        tw.track(DEMO / "recording", out=tmp_path / "out", progress=enough)
    assert not (tmp_path / "out").exists()


def test_ctrl_c_ends_a_run_and_leaves_nothing(tmp_path):
    interrupted = []

    def interrupt(stage, done, total):
        if stage == "fusing" and not interrupted:
            interrupted.append(done)
            os.kill(os.getpid(), signal.SIGINT)
        elif interrupted:
            interrupted.append(done)

    with pytest.raises(KeyboardInterrupt):
        tw.track(DEMO / "recording", out=tmp_path / "out", progress=interrupt)
    assert len(interrupted) < 5
    assert list(tmp_path.iterdir()) == []


def test_others_have_the_interpreter_while_a_run_works():
    counted, ends = [0], threading.Event()

    def count():
        while not ends.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    started = time.perf_counter()
    tw.track(DEMO / "recording", executor="host")
    took = time.perf_counter() - started
    ends.set()
    thread.join()
    assert counted[0] > 20 * took, f"{counted[0]} in {took} s"
