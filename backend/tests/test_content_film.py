"""The real thing: a voice, a film, and how long they take."""

import resource
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from imageio_ffmpeg import read_frames
from PIL import ImageChops
from real.programs import find_program
from scripted_provider import small_film

from app.core.vocabulary import ErrorType
from app.services.artefacts import ArtefactError, check_artefact
from app.services.provider.contract import ProviderError, Question, Script
from app.services.provider.embedded import EmbeddedProvider
from app.services.provider.film import frame_counts, pictures
from app.services.provider.narration import PROGRAM
from app.services.provider.processes import run_program
from app.services.provider.slides import HEIGHT, WIDTH, Slide
from app.services.provider.video import ffmpeg_program

CPU_S_AT_MOST = 5.0
HERE = Path.cwd()


async def no_progress(_share: float) -> None:
    """Nobody wants to know."""


async def script(interest: str = "chess") -> Script:
    """A real script."""
    provider = EmbeddedProvider()
    question = Question(text="What is gravity?", grade_level=9, interest=interest)
    return await provider.write_script(question, await provider.retrieve(question))


@pytest.fixture
def voice() -> str:
    """The real voice; scripts/install-parts brings it."""
    return find_program(PROGRAM, package=PROGRAM)


def children_cpu_s() -> float:
    """What our child processes have used until now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def test_a_narrated_film_takes_less_than_five_seconds_of_one_core(tmp_path: Path, voice: str):
    """Drawing, speaking and encoding together; the film plays, with picture and sound."""
    provider, told = EmbeddedProvider(voice=voice), []
    before_s = children_cpu_s()

    async def tell(share: float) -> None:
        told.append(share)

    written = await script()
    narration = await provider.narrate(written, tmp_path)
    seconds = await provider.film(written, narration, tmp_path / "film.mp4", tell)

    assert children_cpu_s() - before_s < CPU_S_AT_MOST
    await check_artefact(tmp_path / "film.mp4", pictures=True, sound=True, seconds=seconds)
    assert 15 < seconds < 60
    assert told == sorted(told)
    assert 0 < told[0] < 0.1
    assert 0.9 < told[-1] <= 1


async def test_a_film_without_a_voice_gives_time_to_read(tmp_path: Path):
    """Captions stay long enough: less than 25 characters a second."""
    written = await script()
    characters = sum(len(scene.text) for scene in written.scenes)

    seconds = await EmbeddedProvider().film(written, None, tmp_path / "film.mp4", no_progress)

    await check_artefact(tmp_path / "film.mp4", pictures=True, sound=False, seconds=seconds)
    assert characters / seconds < 25


async def test_the_film_is_what_players_expect(tmp_path: Path, voice: str):
    """H.264 in 4:2:0 with AAC, its index in front, and nothing about us inside."""
    provider, written = EmbeddedProvider(voice=voice), await script()
    narration = await provider.narrate(written, tmp_path)
    film = tmp_path / "film.mp4"

    await provider.film(written, narration, film, no_progress)

    found = next(read_frames(str(film)))
    assert (found["codec"], found["audio_codec"], found["source_size"]) == (
        "h264",
        "aac",
        (WIDTH, HEIGHT),
    )
    assert found["pix_fmt"].startswith("yuv420p")
    assert film.read_bytes().index(b"moov") < film.read_bytes().index(b"mdat")
    assert b"gravity" not in film.read_bytes().lower()


async def test_every_scene_is_drawn_and_moves():
    """No scene is empty, and two moments of one scene are not the same picture."""
    written = await script()

    for scene in written.scenes:
        slide = Slide(written, scene)
        early, late = (slide.frame(t, scene.sentences[0], 0.5) for t in (0.2, 1.1))

        assert early.size == (WIDTH, HEIGHT)
        assert len(early.getcolors(WIDTH * HEIGHT)) > 50
        assert ImageChops.difference(early, late).getbbox() is not None


async def test_captions_stand_within_their_band():
    """Nothing of the text touches the band's edge or leaves the picture."""
    written = await script()
    scene = written.scenes[1]
    slide = Slide(written, scene)

    with_text = slide.frame(0.0, scene.sentences[-1], 0.5)
    without = slide.frame(0.0, "", 0.5)

    left, top, right, bottom = ImageChops.difference(with_text, without).getbbox()
    assert left >= 30
    assert right <= WIDTH - 30
    assert top >= 264
    assert bottom <= 340


def test_frames_follow_the_voice_without_drifting():
    """However many short sentences: the frames' total is the seconds' total."""
    counts = frame_counts([[0.31] * 40, [1.27] * 10])

    assert sum(map(sum, counts)) == round((0.31 * 40 + 1.27 * 10) * 12)


async def test_the_progress_bar_is_full_at_the_end():
    """The last frame shows it from edge to edge."""
    written = await script()
    seconds = [[0.6 for _ in scene.sentences] for scene in written.scenes]

    *_, last = pictures(written, seconds)

    bar = last.crop((0, HEIGHT - 4, WIDTH, HEIGHT - 1))
    assert len(bar.getcolors()) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [("exit 3", "code 3"), ("cat > /dev/null", "wrote no sound"), ("sleep 0", "wrote no sound")],
)
async def test_a_voice_that_fails_is_a_provider_that_is_not_there(
    tmp_path: Path, body: str, said: str
):
    """A crash, or an end without a sound."""
    program = tmp_path / "voice"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)

    with pytest.raises(ProviderError, match=said) as met:
        await EmbeddedProvider(voice=str(program)).narrate(await script(), tmp_path)

    assert met.value.error_type is ErrorType.PROVIDER_UNAVAILABLE


async def test_a_program_that_is_not_installed_is_named(tmp_path: Path):
    """The error says which and asks whether it is installed."""
    with pytest.raises(ProviderError, match="no-such-voice cannot be started"):
        await EmbeddedProvider(voice="/no-such-voice").narrate(await script(), tmp_path)


async def test_what_a_student_wrote_never_becomes_a_command(tmp_path: Path, voice: str):
    """The text goes in by standard input; options and substitutions are just words."""
    hostile = "--help $(touch owned) `touch owned` ; touch owned"

    narration = await EmbeddedProvider(voice=voice).narrate(await script(hostile), tmp_path)

    assert narration is not None
    assert "owned" not in {path.name for folder in (tmp_path, HERE) for path in folder.iterdir()}


async def test_helpers_get_no_secrets(monkeypatch: pytest.MonkeyPatch):
    """A child process has no use for our settings."""
    monkeypatch.setenv("SECRET_KEY", "a secret key that is nobody's business")
    env = shutil.which("env")

    told = await run_program([env])

    assert b"SECRET_KEY" not in told
    assert b"PATH=" in told


def damaged(film: bytes) -> Sequence[tuple[bytes, str]]:
    """Films with something wrong, and what will be said of them."""
    return [
        (b"", "has 0 bytes"),
        (b"<html>" + b"x" * 5000, "is no MP4"),
        (film[: len(film) // 2], "cannot be played|lasts|plays nothing"),
        (film[:40] + bytes(len(film) - 40), "cannot be played"),
    ]


async def test_a_damaged_film_is_found_out(tmp_path: Path):
    """Cut off, overwritten, of another kind or empty: none passes (D90)."""
    good = small_film(sound=True)
    await check_artefact(good, pictures=True, sound=True, seconds=1.0)

    for content, complaint in damaged(good.read_bytes()):
        (tmp_path / "film.mp4").write_bytes(content)
        with pytest.raises(ArtefactError, match=complaint):
            await check_artefact(tmp_path / "film.mp4", pictures=True, sound=True, seconds=1.0)


async def test_a_film_of_another_length_or_without_sound_is_found_out(tmp_path: Path):
    """It plays, but it is not what was promised."""
    with pytest.raises(ArtefactError, match=r"lasts 1\.\d s and should last 20"):
        await check_artefact(small_film(sound=True), pictures=True, sound=True, seconds=20.0)
    with pytest.raises(ArtefactError, match="cannot be played"):
        await check_artefact(small_film(sound=False), pictures=True, sound=True, seconds=1.0)
    with pytest.raises(ArtefactError, match="is not there"):
        await check_artefact(tmp_path / "no.mp4", pictures=True, sound=True, seconds=1.0)


def test_ffmpeg_comes_with_a_dependency():
    """Nothing has to be installed on the machine."""
    assert "imageio_ffmpeg" in ffmpeg_program()
