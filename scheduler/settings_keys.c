/*
 * settings_keys - the table of the daemon's configuration, and what is told of it.
 *
 * etc/tidemill.yaml shows each of these keys; a test compares the two.
 *
 * Layer: plain C.
 */
#include "settings.h"

#include <ctype.h>
#include <string.h>

static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const formats[] = {"auto", "logfmt", "json", NULL};
static const char *const missed[] = {"latest", "skip", "all", NULL};
static const char *const overlaps[] = {"skip", "queue", NULL};

#define MIB (INT64_C(1024) * 1024)
#define SECOND INT64_C(1000000)
#define AT(member_) offsetof(struct tide_settings, member_)

const struct tide_settings_key tide_settings_keys[] = {
    {"listen", TIDE_SETTING_TEXT, "127.0.0.1:8084", NULL, 0, 0, AT(listen),
     "Address and port of the HTTP API; port 0 takes a free one and writes it to "
     "<state_dir>/address."},
    {"state_dir", TIDE_SETTING_PATH, NULL, NULL, 0, 0, AT(state_dir),
     "Folder of the store, the first API key and the lock. Default: /var/lib/tidemill "
     "for "
     "root, else $XDG_STATE_HOME/tidemill or ~/.local/state/tidemill."},
    {"plugin_dir", TIDE_SETTING_PATH, NULL, NULL, 0, 0, AT(plugin_dir),
     "Folder of the plugins. Default: where Tidemill was installed."},
    {"tls_certificate", TIDE_SETTING_PATH, NULL, NULL, 0, 0, AT(tls_certificate),
     "PEM file of the certificate and its chain; with tls_key the API speaks HTTPS."},
    {"tls_key", TIDE_SETTING_PATH, NULL, NULL, 0, 0, AT(tls_key),
     "PEM file of the certificate's private key."},
    {"body_limit", TIDE_SETTING_SIZE, "1MiB", NULL, 1024, 64 * MIB, AT(body_limit),
     "Largest body of a request; a larger one is answered 413."},
    {"request_timeout", TIDE_SETTING_DURATION, "30s", NULL, SECOND / 10, 3600 * SECOND,
     AT(request_timeout),
     "A client that takes longer to send a request, or to take its answer, is "
     "disconnected."},
    {"max_connections", TIDE_SETTING_COUNT, "512", NULL, 1, 100000, AT(max_connections),
     "Connections at a time."},
    {"max_connections_per_address", TIDE_SETTING_COUNT, "0", NULL, 0, 100000,
     AT(max_connections_per_address),
     "Connections at a time from one address; 0: no limit of its own."},
    {"max_runs", TIDE_SETTING_COUNT, "0", NULL, 0, 10000, AT(max_runs),
     "Runs at a time, each a process of its own; others wait. 0: twice the processors."},
    {"limits.memory", TIDE_SETTING_SIZE, "1GiB", NULL, 0, 0, AT(limit_memory),
     "Memory of a run's process; 0: no limit."},
    {"limits.cpu", TIDE_SETTING_DURATION, "0s", NULL, 0, 0, AT(limit_cpu),
     "CPU time of a run; 0s: no limit."},
    {"limits.open_files", TIDE_SETTING_COUNT, "1024", NULL, 0, 1000000,
     AT(limit_open_files), "Files a run may have open; 0: no limit."},
    {"limits.wall", TIDE_SETTING_DURATION, "24h", NULL, 0, 0, AT(limit_wall),
     "Longest time a run may take; 0s: no limit."},
    {"limits.hang", TIDE_SETTING_DURATION, "10m", NULL, 0, 0, AT(limit_hang),
     "A run whose process shows no sign of life for so long is ended; 0s: never."},
    {"checkpoint", TIDE_SETTING_DURATION, "5s", NULL, SECOND / 1000, 24 * 3600 * SECOND,
     AT(checkpoint),
     "What a run has moved becomes durable this often, where source and destination can "
     "do it."},
    {"rejects.count", TIDE_SETTING_COUNT, "1000", NULL, 1, 1000000, AT(reject_count),
     "Rejected rows kept of a run; more are counted, not kept."},
    {"rejects.bytes", TIDE_SETTING_SIZE, "4MiB", NULL, 1024, 1024 * MIB, AT(reject_bytes),
     "Bytes of rejected rows kept of a run."},
    {"cancel_grace", TIDE_SETTING_DURATION, "10s", NULL, SECOND / 10, 3600 * SECOND,
     AT(cancel_grace),
     "A cancelled run may finish its batch for so long before its process is killed."},
    {"shutdown_grace", TIDE_SETTING_DURATION, "30s", NULL, 0, 0, AT(shutdown_grace),
     "On SIGTERM runs may continue for so long before they are cancelled."},
    {"retention", TIDE_SETTING_DURATION, "90d", NULL, 0, 0, AT(retention),
     "Ended runs and their rejects are deleted after so long; 0s: never."},
    {"retention_runs", TIDE_SETTING_COUNT, "10000", NULL, 0, 0, AT(retention_runs),
     "Ended runs kept of each pipeline; 0: all."},
    {"missed", TIDE_SETTING_WORD, "latest", missed, 0, 0, AT(missed),
     "Slots that passed while the daemon was down: run the latest, skip them, or run all "
     "(100 at most)."},
    {"overlap", TIDE_SETTING_WORD, "skip", overlaps, 0, 0, AT(overlap),
     "A slot that comes while a run of its pipeline is in progress: skip it, or queue "
     "it."},
    {"log_level", TIDE_SETTING_WORD, "info", levels, 0, 0, AT(log_level),
     "Least level that is logged."},
    {"log_format", TIDE_SETTING_WORD, "auto", formats, 0, 0, AT(log_format),
     "auto is logfmt on a terminal and JSON lines else."},
    {NULL, TIDE_SETTING_TEXT, NULL, NULL, 0, 0, 0, NULL},
};

static void transform(const char *prefix, const char *name, bool upper, char out[64])
{
    size_t n = (size_t)snprintf(out, 64, "%s", prefix);

    for (; *name && n < 63; name++) {
        bool joint = *name == '.' || *name == '_';
        char c = (char)(upper ? toupper((unsigned char)*name) : *name);

        out[n++] = (char)(joint ? (upper ? '_' : '-') : c);
    }
    out[n] = '\0';
}

void tide_settings_variable_name(const struct tide_settings_key *key, char out[64])
{
    transform("TIDEMILL_", key->name, true, out);
}

void tide_settings_flag_name(const struct tide_settings_key *key, char out[64])
{
    transform("--", key->name, false, out);
}

void tide_settings_help(FILE *out)
{
    (void)fprintf(
        out, "Usage: tidemilld [--config FILE] [FLAG VALUE]...\n\n"
             "The Tidemill daemon: stores pipelines, starts their runs, serves the "
             "HTTP API.\n\n"
             "  --config FILE     YAML file of the keys below (TIDEMILL_CONFIG)\n"
             "  --check-config    read the configuration, say what is wrong, and end\n"
             "  --help, --version\n\n"
             "Each key can stand in the file, in a variable, or on the command line; "
             "the last\nof these wins.\n\n");
    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        char flag[64], name[64];

        tide_settings_flag_name(key, flag);
        tide_settings_variable_name(key, name);
        (void)fprintf(out, "  %s   %s", flag, name);
        (void)fprintf(out, key->fallback ? "   [%s]\n" : "\n",
                      key->fallback ? key->fallback : "");
        (void)fprintf(out, "      %s\n", key->help);
    }
}
