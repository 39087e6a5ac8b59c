#!/usr/bin/python3
"""The way of an author of plugins, who has what `make install` gives: skeletons and examples, built and tested out of
the tree."""
import os
import re
import resource
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
import tap                                                           # noqa: E402
from tap import BUILD, TOP, contains, equal, tidemill, write         # noqa: E402

KINDS = ["source", "transform", "destination"]


def command(*args, cwd=None, env=None):
    done = subprocess.run(args, cwd=cwd, env=dict(os.environ, **(env or {})), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    equal(done.returncode, 0, done.stdout)
    return done.stdout


def installed(folder):
    """The headers and the pkg-config file, installed below folder; the environment in which they are found."""
    root = os.path.join(folder, "root")
    clean = {"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": "", "PKG_CONFIG_SYSROOT_DIR": root}
    command("make", "-C", BUILD, "install-tidemillincludeHEADERS", "install-pkgconfigDATA", "DESTDIR=" + root, env=clean)
    for parent, _, names in os.walk(root):
        if "tidemill.pc" in names:
            return dict(clean, PKG_CONFIG_PATH=parent)
    raise AssertionError("no tidemill.pc was installed")


def test_the_pkg_config_file_knows_the_prefix_of_the_install(folder):
    command("make", "-C", BUILD, "install-tidemillincludeHEADERS", "install-pkgconfigDATA", "install-data-hook",
            "prefix=" + folder + "/there", env={"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": ""})
    flags = command("pkg-config", "--cflags", "tidemill", env={"PKG_CONFIG_PATH": folder + "/there/lib/pkgconfig"})
    equal(flags.strip(), "-I" + folder + "/there/include")


def test_each_skeleton_compiles_and_passes_its_test(folder):
    env = dict(installed(folder), TIDEMILL=tap.TIDEMILL, CFLAGS="-O1 -Wall -Wextra -Wno-unused-parameter -Werror")
    for kind in KINDS:
        equal(tidemill("plugin", "new", "my_" + kind, "--kind", kind, cwd=folder).returncode, 0)
        equal(sorted(os.listdir(os.path.join(folder, "my_" + kind))), ["Makefile", "my_%s.c" % kind])
        done = command("make", "check", cwd=os.path.join(folder, "my_" + kind), env=env)
        contains(done, "# %s my_%s: " % (kind, kind))
        contains(done, " 0 broken")


def test_a_skeleton_is_installed_where_it_is_found(folder):
    env = installed(folder)
    tidemill("plugin", "new", "shout", "--kind", "transform", cwd=folder)
    command("make", "install", "DESTDIR=" + folder + "/there", cwd=folder + "/shout", env=env)
    found = [os.path.join(parent, name) for parent, _, names in os.walk(folder + "/there") for name in names]
    equal(len(found), 1)
    assert found[0].endswith("/tidemill/transforms/shout.so"), found


def test_a_new_transform_does_its_work(folder):
    env = installed(folder)
    tidemill("plugin", "new", "shout", "--kind", "transform", cwd=folder)
    command("make", cwd=folder + "/shout", env=env)
    for kind, name in (("source", "file"), ("destination", "file"), ("format", "csv"), ("storage", "local")):
        os.makedirs(folder + "/plugins/%ss" % kind, exist_ok=True)
        os.symlink(os.path.join(BUILD, "plugins", kind + "s", name, name + ".so"),
                   folder + "/plugins/%ss/%s.so" % (kind, name))
    os.makedirs(folder + "/plugins/transforms")
    os.rename(folder + "/shout/shout.so", folder + "/plugins/transforms/shout.so")
    write(folder, "in/a.csv", "id,name\n1,Ada b\n2,\n")
    write(folder, "p.yaml", "definition_version: 1\nname: shout\n"
          "source: {connection: {plugin: file, options: {path: in, format: csv}}}\n"
          "destination: {connection: {plugin: file, options: {path: out, format: csv}}}\n"
          "sync: {frequency: 60}\ntables: [{name: a.csv, as: b}]\n"
          "transformations: [{type: shout, config: {column: name}}]\n")
    done = tidemill("run", "p.yaml", cwd=folder, env={"TIDEMILL_PLUGIN_DIR": folder + "/plugins"})
    equal(done.returncode, 0, done.stderr)
    equal(tap.read(folder, "out/b.csv").replace("\r\n", "\n"), "id,name\n1,ADA B\n2,\n")


def test_nothing_is_overwritten(folder):
    write(folder, "mine/mine.c", "precious")
    done = tidemill("plugin", "new", "mine", "--kind", "source", cwd=folder)
    equal(done.returncode, 1)
    contains(done.stderr, "nothing is overwritten")
    equal(tap.read(folder, "mine/mine.c"), "precious")
    equal(os.listdir(folder + "/mine"), ["mine.c"])


def test_names_and_kinds_are_checked(folder):
    for args in (["Bad", "--kind", "source"], ["../x", "--kind", "source"], ["x", "--kind", "format"], ["x"],
                 ["x", "y", "--kind", "source"]):
        equal(tidemill("plugin", "new", *args, cwd=folder).returncode, 2, args)
    equal(os.listdir(folder), [])


def test_the_examples_build_against_the_installed_headers(folder):
    env = installed(folder)
    flags = command("pkg-config", "--cflags", "tidemill", env=env).split()
    assert any(folder in flag for flag in flags), flags
    for kind in KINDS:
        name = "hello_" + kind
        source = os.path.join(TOP, "plugins", "examples", name, name + ".c")
        command(os.environ.get("CC", "cc"), "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Werror", *flags,
                "-o", folder + "/" + name + ".so", source)
        done = tidemill("plugin", "test", folder + "/" + name + ".so")
        equal(done.returncode, 0, done.stdout)


def test_the_examples_are_as_short_as_they_say(folder):
    for kind, limit in (("source", 40), ("transform", 30), ("destination", 45)):
        with open(os.path.join(TOP, "plugins", "examples", "hello_" + kind, "hello_%s.c" % kind), encoding="utf-8") as f:
            text = f.read()
        assert len(text.splitlines()) <= limit, kind
        equal(re.search(r"in (\d+) lines", text)[1], str(limit), kind)


def test_the_listings_of_the_guide_compile_and_keep_their_promises(folder):
    env = installed(folder)
    flags = command("pkg-config", "--cflags", "tidemill", env=env).split()
    with open(os.path.join(TOP, "etc", "man", "tidemill-plugin.7"), encoding="utf-8") as page:
        listings = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed$", page.read(), re.M | re.S)
    equal(len(listings), len(KINDS))
    for kind, listing in zip(KINDS, listings):
        source = write(folder, kind + ".c", listing.replace("\\e", "\\"))
        command(os.environ.get("CC", "cc"), "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra",
                "-Wno-unused-parameter", "-Werror", *flags, "-o", folder + "/" + kind + ".so", source)
        done = tidemill("plugin", "test", folder + "/" + kind + ".so")
        equal(done.returncode, 0, done.stdout)
        contains(done.stdout, "# %s " % kind)


def test_a_skeleton_that_cannot_be_written_leaves_nothing(folder):
    def no_space():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    done = subprocess.run([tap.TIDEMILL, "plugin", "new", "full", "--kind", "source"], cwd=folder, text=True,
                          stderr=subprocess.PIPE, preexec_fn=no_space)
    equal(done.returncode, 1)
    contains(done.stderr, "full.c: File too large")
    equal(os.listdir(folder), [])


if __name__ == "__main__":
    tap.main(globals())
