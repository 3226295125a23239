"""The length of a run, worked out from its speed, on a clock that the test turns."""

from rectoverso.recto.train.pace import LEAST_TURNS, WARM_UP_TURNS, Pace, Profile


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run_until_measured(watch: Watch, pace: Pace, turn_s: float) -> int:
    images = 0
    while not pace.is_measured():
        watch.now += turn_s if pace.turns >= WARM_UP_TURNS else 5 * turn_s
        images += pace.batch
        pace.count(images)
    return images


def test_the_length_fits_the_limit_at_the_speed_after_warming_up() -> None:
    watch = Watch()
    pace = Pace(10, None, 100.0, watch)
    images = run_until_measured(watch, pace, 0.1)
    pace.fix_total(images, pauses_ahead=0)
    assert pace.total is not None
    assert pace.total % 10 == 0
    assert 0.95 < watch.now - 100 + (pace.total - images) / 100 <= 98.1 < 100


def test_time_for_showing_and_saving_is_set_aside() -> None:
    totals = []
    for pause_s in (0.0, 2.0):
        watch = Watch()
        pace = Pace(10, None, 100.0, watch)
        images = run_until_measured(watch, pace, 0.1)
        watch.now += pause_s
        pace.pause(pause_s)
        pace.fix_total(images, pauses_ahead=4)
        assert pace.total is not None
        totals.append(pace.total)
    assert totals[0] - totals[1] == 100 * 2 * 6  # the one that was, four ahead and the last


def test_nothing_is_fixed_before_some_turns_and_some_of_the_time_have_passed() -> None:
    watch = Watch()
    pace = Pace(10, None, 100.0, watch)
    for turn in range(WARM_UP_TURNS + LEAST_TURNS):
        assert not pace.is_measured()
        pace.count(10 * turn)
    assert not pace.is_measured()
    watch.now += 5
    assert pace.is_measured()


def test_a_run_is_over_after_its_images_or_its_time_whichever_comes_first() -> None:
    watch = Watch()
    pace = Pace(10, 100, 60.0, watch)
    assert not pace.is_over(90)
    assert pace.is_over(100)
    watch.now += 59
    assert not pace.is_over(90)
    pace.pause(1.5)
    assert pace.is_over(90)


def test_progress_is_the_share_of_images_and_zero_while_the_length_is_unknown() -> None:
    assert Pace(10, 200, None, Watch()).progress(50) == 0.25
    assert Pace(10, None, 9.0, Watch()).progress(50) == 0


def test_the_forecast_follows_the_last_seconds_and_never_passes_the_limit() -> None:
    watch = Watch()
    pace = Pace(10, 1_000, None, watch)
    assert pace.seconds_left(0) is None
    for images in range(10, 510, 10):
        watch.now += 1 if images <= 300 else 0.5
        pace.count(images)
    assert pace.images_per_s() == 20
    assert pace.seconds_left(500) == 25
    pace.max_seconds = watch.now - 100 + 3
    assert pace.seconds_left(500) == 3


def fixed_at(watch: Watch, pace: Pace, turn_s: float) -> int:
    images = run_until_measured(watch, pace, turn_s)
    pace.fix_total(images, pauses_ahead=0)
    return images


def go_on(watch: Watch, pace: Pace, images: int, turn_s: float, seconds: float) -> int:
    for _ in range(round(seconds / turn_s)):
        watch.now += turn_s
        images += pace.batch
        pace.count(images)
    return images


def test_a_machine_that_turns_slow_gets_a_shorter_schedule_that_still_ends() -> None:
    watch = Watch()
    pace = Pace(10, None, 100.0, watch)
    images = go_on(watch, pace, fixed_at(watch, pace, 0.1), 0.2, seconds=20)
    before = pace.total
    assert pace.correct_total(images, pauses_ahead=0)
    assert pace.total is not None
    assert before is not None
    assert pace.total < before
    left_s = 100 - (watch.now - 100)
    assert 0.9 * left_s < (pace.total - images) / 50 < left_s


def test_small_changes_of_speed_change_nothing() -> None:
    watch = Watch()
    pace = Pace(10, None, 100.0, watch)
    images = go_on(watch, pace, fixed_at(watch, pace, 0.1), 0.105, seconds=20)
    before = pace.total
    assert not pace.correct_total(images, pauses_ahead=0)
    assert pace.total == before


def test_a_number_that_was_asked_for_or_resumed_with_is_never_corrected() -> None:
    watch = Watch()
    pace = Pace(10, 1000, 100.0, watch)
    images = go_on(watch, pace, 0, 1.0, seconds=20)
    assert not pace.correct_total(images, pauses_ahead=0)
    assert pace.total == 1000


def test_what_lies_ahead_is_the_images_asked_for_or_those_that_fit() -> None:
    watch = Watch()
    asked = Pace(10, 1000, None, watch)
    asked.pause(2.0)
    assert asked.ahead(200, 100.0, pauses=4) == (1000, 8.0 + 5 * 2.0)
    limited = Pace(10, 1000, 5.0, watch)
    assert limited.ahead(0, 100.0, pauses=4) == (490, 4.9)
    assert Pace(10, None, 5.0, watch).ahead(0, 100.0, pauses=4) == (490, 4.9)


def test_a_run_that_grows_fits_its_limit_though_it_is_measured_when_it_is_fast() -> None:
    watch = Watch()
    pace = Pace(10, None, 100.0, watch)
    pace.profile = Profile(0.5, (1.0, 2.0, 4.0, 4.0))
    images = fixed_at(watch, pace, 0.01)  # at its start it is twice as fast as in its first quarter
    assert pace.total is not None
    while not pace.is_over(images):
        place = min(3, int(4 * pace.progress(images)))
        watch.now += 0.02 * pace.profile.parts[place]
        images += 10
        pace.count(images)
        if images % 2_000 == 0:
            pace.correct_total(images, pauses_ahead=0)
    assert images >= pace.total, "it ended with its images, not cut off by the time"
    assert 90 < watch.now - 100 < 100


def test_the_time_left_of_a_run_that_grows_counts_what_is_slower_ahead() -> None:
    watch = Watch()
    pace = Pace(10, 1_000, None, watch)
    pace.profile = Profile(1.0, (1.0, 1.0, 3.0, 3.0))
    for images in range(0, 260, 10):
        watch.now += 0.1
        pace.count(images)
    left = pace.seconds_left(250)
    assert left is not None
    assert abs(left - (2.5 + 2 * 7.5)) < 0.5
