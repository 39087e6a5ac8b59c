#!/usr/bin/python3
"""Who may include whom: the table of the architecture, held against every #include of the tree.

    core/include      libc only
    plugins           core/include, plugins/shared and the plugin's own folder, and its own library
    core/base <- core/batch <- core/plugin <- core/pipeline <- core/run <- core/cli: only to the left
    scheduler         core/base, core/pipeline and core/plugin's descriptions; never core/run
"""
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ORDER = ["base", "batch", "plugin", "pipeline", "run", "cli"]
SCHEDULER = ["store", "schedule", "supervise", "http", "api"]
FOR_SCHEDULER = {"base", "pipeline"}
DESCRIPTIONS = {"plugin/catalog.h", "plugin/info.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def first(path):
    return path.split("/")[0]


def core_part(path):
    return path.split("/")[1]


def wrong_in_core(path, quote, name):
    if quote == "<":
        return None
    part, other = core_part(path), first(name)
    if "/" not in name:
        return None if name == "config.h" else "is not written from core/"
    if other not in ORDER:
        return "is no part of core"
    if ORDER.index(other) > ORDER.index(part):
        return "core/%s may include only what stands left of it" % part
    return None


def wrong_in_sdk(path, quote, name):
    if quote == '"':
        return "the SDK includes <tidemill/...> and libc"
    if "/" in name and first(name) not in ("tidemill", "sys"):
        return "the SDK includes libc alone"
    return None


def wrong_in_plugins(path, quote, name):
    if quote == "<":
        return None
    folder = os.path.dirname(path)
    for base in (folder, "plugins/shared", "plugins"):
        target = os.path.normpath(os.path.join(TOP, base, name))
        if os.path.exists(target):
            inside = os.path.relpath(target, TOP)
            if inside.startswith(("plugins/shared/", folder + "/")):
                return None
    return "a plugin includes <tidemill/...>, its own folder and plugins/shared"


def wrong_in_scheduler(path, quote, name):
    if quote == "<":
        return None
    other = first(name)
    if "/" not in name or other in SCHEDULER or other in FOR_SCHEDULER or name in DESCRIPTIONS:
        return None
    return "the scheduler includes core/base and core/pipeline, never %s" % other


RULES = [("core/include/", wrong_in_sdk), ("core/", wrong_in_core), ("plugins/", wrong_in_plugins),
         ("scheduler/", wrong_in_scheduler)]


def check(path, text):
    rule = next(rule for prefix, rule in RULES if path.startswith(prefix))
    for match in INCLUDE.finditer(text):
        why = rule(path, match[1], match[2])
        if why:
            yield "%s:%d: %s: %s" % (path, text[:match.start()].count("\n") + 1, match[2], why)


def sources():
    for root in ("core", "plugins", "scheduler"):
        for folder, _, names in os.walk(os.path.join(TOP, root)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cc")):
                    yield os.path.relpath(os.path.join(folder, name), TOP)


def self_test():
    """The rules refuse what they must: a check that cannot fail is none."""
    bad = [("core/base/x.c", '#include "run/run.h"'), ("plugins/sources/file/x.c", '#include "base/log.h"'),
           ("scheduler/api/x.c", '#include "run/run.h"'), ("core/include/tidemill/x.h", "#include <json-c/json.h>"),
           ("core/batch/x.c", '#include "plugin/load.h"')]
    return all(list(check(path, text)) for path, text in bad)


def main():
    if not self_test():
        sys.exit("include_rules: the rules let a forbidden include pass")
    problems = [p for path in sources() for p in check(path, open(os.path.join(TOP, path)).read())]
    print("\n".join(problems) if problems else "include rules: %d files" % len(list(sources())))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
