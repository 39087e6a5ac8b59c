# TIDE_KEEP_CORE(MACRO)
# ---------------------
# Our engine lives in core/.  Autoconf's own clean-up runs "rm -f core" (a core dump of its
# test programs); on a folder that fails and leaves confdefs.h behind.  Take the word out of
# the given macro before it is expanded.
m4_define([TIDE_KEEP_CORE],
  [m4_define([$1], m4_bpatsubst(m4_dquote(m4_defn([$1])), [rm -f core ], [rm -f ]))])
