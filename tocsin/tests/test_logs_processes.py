"""What leaves a real process: whole lines, once, up to the very end."""

import os
import signal
import subprocess
from collections import Counter

import log_process
from log_process import run


def test_processes_that_share_a_pipe_do_not_mix_their_lines():
    """Worker processes inherit one standard output; long and short lines come out whole."""
    reader, writer = os.pipe()
    script = """
        pipe = pipeline()
        pipe.install()

        async def say():
            for number in range(300):
                size = 20_000 if number % 50 == 7 else number * 37 % 3000
                log.info("said", who=sys.argv[1], number=number, body="word " * (size // 5))
                if number % 3 == 0:
                    await asyncio.sleep(0)

        asyncio.run(say())
        pipe.close()
    """
    workers = [log_process.start(script, f"worker-{n}", stdout=writer) for n in range(4)]
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        text = stream.read()
    codes = [worker.wait(60) for worker in workers]

    entries = log_process.Ended(0, text, b"").entries
    assert codes == [0, 0, 0, 0]
    assert Counter(entry["who"] for entry in entries) == {f"worker-{n}": 300 for n in range(4)}
    for n in range(4):
        numbers = [entry["number"] for entry in entries if entry["who"] == f"worker-{n}"]
        assert numbers == list(range(300))


def test_a_hard_kill_loses_no_finished_iteration():
    """Lines are out at the end of the loop iteration in which they were said (D07)."""
    ended = run("""
        pipe = pipeline()
        pipe.install()

        async def serve():
            for number in range(50):
                log.info("served", number=number)
                await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(serve())
    """)

    assert ended.code == -signal.SIGKILL
    assert [entry["number"] for entry in ended.entries] == list(range(50))


def test_a_process_that_just_ends_has_said_everything():
    """Lines of a loop's last iteration, and of the lines after it, are not left behind."""
    ended = run("""
        pipeline().install()

        async def serve():
            log.info("last_of_the_loop")

        asyncio.run(serve())
        log.info("last_of_all")
    """)

    assert ended.code == 0
    assert ended.messages() == ["last_of_the_loop", "last_of_all"]


def test_an_uncaught_exception_is_one_line():
    """The process dies with an entry, not with a traceback in plain text (D27)."""
    ended = run("""
        pipeline().install()
        raise LookupError("for ada@school.example")
    """)

    (entry,) = ended.entries
    assert (entry["severity"], entry["message"]) == ("CRITICAL", "uncaught_exception")
    assert entry["stack_trace"].endswith("LookupError: for [redacted]\n")
    assert (ended.code, ended.err) == (1, b"")


def test_the_end_of_a_process_is_told_even_if_its_cause_was():
    """That an error happened is one fact; that it ended the process is another."""
    ended = run("""
        pipeline().install()
        error = LookupError("told")
        mark_recorded(error)
        raise error
    """)

    assert ended.messages() == ["uncaught_exception"]


def test_an_uncaught_exception_of_a_thread_is_one_line():
    """It names the thread, and the process goes on (D27)."""
    ended = run("""
        pipeline().install()

        def work():
            raise LookupError("no cart")

        thread = threading.Thread(target=work, name="baker")
        thread.start()
        thread.join()
        log.info("went_on")
    """)

    entry = ended.entries[0]
    assert (entry["severity"], entry["thread"]) == ("ERROR", "baker")
    assert "LookupError: no cart" in entry["stack_trace"]
    assert ended.messages() == ["uncaught_exception", "went_on"]
    assert ended.err == b""


def test_a_lost_task_a_finaliser_and_a_warning_are_one_line_each():
    """asyncio's, the interpreter's and warnings' own reports come in the same shape (D27)."""
    ended = run("""
        pipeline().install()

        class Broken:
            def __del__(self):
                raise LookupError("in the finaliser")

        async def fail():
            raise LookupError("in a task")

        async def serve():
            task = asyncio.ensure_future(fail())
            await asyncio.wait([task])
            del task
            Broken()
            warnings.warn("odd\\nin two lines")

        asyncio.run(serve())
    """)

    by_logger = {entry["logger"]: entry for entry in ended.entries}
    assert sorted(by_logger) == ["asyncio", "py.warnings", "python"]
    assert "in a task" in by_logger["asyncio"]["stack_trace"]
    assert by_logger["python"]["message"] == "unraisable_exception"
    assert by_logger["py.warnings"]["category"] == "UserWarning"
    assert by_logger["py.warnings"]["message"] == "odd\nin two lines"
    assert (ended.code, ended.err) == (0, b"")


def test_an_interrupt_is_not_an_error():
    """Ctrl-C is the developer's own doing: no CRITICAL line, Python's own exit."""
    ended = run("""
        # A test run in a shell's background is started with the signal ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pipeline().install()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    """)

    assert ended.entries == []
    assert b"KeyboardInterrupt" in ended.err
    assert ended.code == -signal.SIGINT


def test_a_forked_child_does_not_repeat_its_parents_lines():
    """What waits in the parent is the parent's; the child's own lines are told apart."""
    ended = run("""
        pipe = pipeline()
        pipe.install()

        async def serve():
            log.info("of_the_parent")
            if os.fork() == 0:
                log.info("of_the_child")
                pipe.flush(5.0)
                os._exit(0)
            os.wait()

        asyncio.run(serve())
    """)

    messages = Counter(ended.messages())
    assert messages == {"of_the_parent": 1, "of_the_child": 1}
    assert len({entry["logging.googleapis.com/insertId"] for entry in ended.entries}) == 2


def test_a_forked_child_is_not_held_up_by_a_thread_of_its_parent():
    """Locks that another thread held at the fork are new in the child."""
    ended = run("""
        pipe = pipeline()
        pipe.install()
        going = True

        def chatter():
            with request_context(RequestContext("req-1", ring=pipe.ring())):
                while going:
                    log.debug("chatter", body="x" * 100)
                    log.info("chatter", body="x" * 100)

        thread = threading.Thread(target=chatter)
        thread.start()
        for number in range(30):
            if os.fork() == 0:
                with request_context(RequestContext("req-2", ring=pipe.ring())) as context:
                    log.debug("of_the_child")
                    pipe.keep(context.ring)
                pipe.flush(5.0)
                os._exit(0)
            os.wait()
        going = False
        thread.join()
    """)

    assert ended.messages().count("of_the_child") == 30


def test_logging_in_a_signal_handler_is_safe():
    """A handler runs between any two steps of our own code, and may log (D29)."""
    ended = run("""
        pipe = pipeline()
        pipe.install()
        signal.signal(signal.SIGALRM, lambda *_: log.warning("alarm"))
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
        with request_context(RequestContext("req-1", ring=pipe.ring())):
            for number in range(2000):
                log.info("said", number=number)
                log.debug("detail")
        signal.setitimer(signal.ITIMER_REAL, 0)
        pipe.close()
    """)

    said = [entry["number"] for entry in ended.entries if entry["message"] == "said"]
    assert said == list(range(2000))
    assert "alarm" in ended.messages()


def test_finalisers_that_log_do_not_deadlock():
    """The collector may run a finaliser within our own code, and it may log (D29)."""
    ended = run("""
        import gc
        gc.set_threshold(1, 1, 1)
        pipe = pipeline()
        pipe.install()

        class Leaving:
            def __init__(self):
                self.me = self

            def __del__(self):
                log.debug("left")
                log.info("left")

        with request_context(RequestContext("req-1", ring=pipe.ring())):
            for number in range(300):
                Leaving()
                log.debug("detail", number=number)
                log.info("said", number=number)
        gc.collect()
        pipe.close()
    """)

    assert Counter(ended.messages()) == {"said": 300, "left": 300}


def test_a_reader_that_never_reads_does_not_keep_the_process_alive():
    """At its end a process waits a little for a stuck pipe, and not for ever (D07)."""
    process = log_process.start(
        """
        pipeline().install()
        for number in range(2000):
            log.info("said", body="word " * 100)
        """,
        stdout=subprocess.PIPE,
    )
    try:
        code = process.wait(30)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

    assert code == 0


def test_before_and_after_the_pipeline_lines_go_to_standard_error():
    """A logger works from its first moment to its last, redacting as ever (D12)."""
    ended = run("""
        log.info("too_early", email="ada@school.example")
        log.debug("too_quiet")
        pipe = pipeline()
        pipe.install()
        log.info("in_time")
        pipe.uninstall()
        log.warning("too_late")
    """)

    early, late = log_process.parse_lines(ended.err)
    assert ended.messages() == ["in_time"]
    assert (early["message"], early["email"]) == ("too_early", "[redacted]")
    assert (late["message"], late["severity"]) == ("too_late", "WARNING")


def test_a_process_without_any_standard_stream_goes_on():
    """A daemon has none; its lines are lost and its work is done."""
    ended = run("""
        real = os.dup(1)
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
        os.close(1)
        os.close(2)
        log.info("too_early")
        pipe = pipeline()
        pipe.install()
        log.info("unheard")
        pipe.close()
        os.write(real, b'{"message":"done"}\\n')
    """)

    assert (ended.code, ended.messages()) == (0, ["done"])
