"""Test Anything Protocol for test scripts: functions named test_* run in order, each in a fresh scratch folder.

    if __name__ == "__main__":
        tap.main(globals())

A test takes the folder (a str) and fails by raising; its name, read as a sentence, is its description.  tap.Skip
skips it.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

TOP = os.path.abspath(os.environ.get("top_srcdir", os.path.join(os.path.dirname(__file__), "..", "..")))
BUILD = os.path.abspath(os.environ.get("top_builddir", os.path.join(TOP, "build", "tests")))
TIDEMILL = os.path.join(BUILD, "tidemill")


class Skip(Exception):
    """Raised with the reason why a test cannot run here."""


def equal(got, want, about=""):
    """Fail unless the two are equal, showing both."""
    assert got == want, "%sgot %r, wanted %r" % (about and "%s: " % (about,), got, want)


def contains(text, part):
    assert part in text, "%r is not in %r" % (part, text)


def tidemill(*args, cwd=None, env=None, text=None, timeout=60):
    """Run the command line; the result has returncode, stdout and stderr as texts."""
    return subprocess.run([TIDEMILL, *map(str, args)], cwd=cwd, env=dict(os.environ, **(env or {})), input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)


def write(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return file.read()


def one(number, function):
    sentence = function.__name__[5:].replace("_", " ")
    folder = tempfile.mkdtemp(prefix="tidemill-test-")
    try:
        function(folder)
    except Skip as why:
        print("ok %d - %s # SKIP %s" % (number, sentence, why), flush=True)
    except BaseException as error:      # pylint: disable=broad-except
        print("not ok %d - %s" % (number, sentence))
        for line in traceback.format_exc().splitlines():
            print("# " + line)
        sys.stdout.flush()
        if isinstance(error, KeyboardInterrupt):
            raise
        return False
    else:
        print("ok %d - %s" % (number, sentence), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def main(names):
    only = sys.argv[1:]
    tests = [f for n, f in names.items() if n.startswith("test_") and (not only or n in only)]
    print("1..%d" % len(tests), flush=True)
    results = [one(number, function) for number, function in enumerate(tests, 1)]
    sys.exit(0 if all(results) else 1)
