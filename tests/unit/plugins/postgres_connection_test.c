/*
 * postgres_connection_test - how a connection is described, made, refused and left.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "postgres/connection.h"
#include "postgres/copy.h"
#include "postgres_kit.h"
#include "postgres_proxy.h"

/* Open a table with the options given and expect it to fail. */
static void assert_fails(struct tide_pg_options options, int code, const char *words)
{
    struct kit_source source;

    kit_source_init(&source, "anything");
    source.options.connection = options;
    source.options.connection.connect_timeout = 5000000;
    assert_int_equal(kit_source_open(&source), code);
    if (!strstr(source.err.message, words)) {
        fail_msg("\"%s\" does not say \"%s\"", source.err.message, words);
    }
    assert_null(strstr(source.err.message, "s3cret"));
    kit_source_close(&source);
}

static void an_unknown_database_is_a_config_error(void **state)
{
    struct tide_pg_options options = kit_options();

    (void)state;
    options.database = "no_such_database";
    assert_fails(options, TIDE_E_CONFIG, "\"no_such_database\" does not exist");
}

static void a_wrong_password_is_an_auth_error_that_does_not_show_it(void **state)
{
    struct tide_pg_options options = kit_options();

    (void)state;
    if (strcmp(kit_value("SELECT count(*) FROM pg_roles WHERE rolname = 'locked'"),
               "1")) {
        return; /* a server of someone else's */
    }
    options.user = "locked";
    options.password = "s3cret";
    assert_fails(options, TIDE_E_AUTH, "\"locked\"");
    options.password = NULL;
    assert_fails(options, TIDE_E_AUTH, "password");
}

/* An @ or a / that is not encoded moves a part of the password to where a host, a port or
 * a database is expected, of which libpq's messages tell. */
static void a_password_in_a_url_is_never_shown(void **state)
{
    static const char *const urls[] = {
        "postgresql://u:p@s3cret@127.0.0.1/d", "postgresql://u:p/s3cret@127.0.0.1/d",
        "postgresql://u:1/s3cret@127.0.0.1/d", "postgresql://u:s3cret/d",
        "postgresql://u:%s3cret@127.0.0.1/d",  "postgres://u:s3cret@[::1/d",
        "host=127.0.0.1 password=my s3cret",   "password='s3cret",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_fails((struct tide_pg_options){.url = urls[i], .schema = "public"},
                     TIDE_E_CONFIG, "percent-encoded");
    }
}

/* A message that holds the password, decoded: that of a setting which has it as well. */
static void a_decoded_password_is_blanked_in_messages(void **state)
{
    char url[256];

    (void)state;
    (void)snprintf(url, sizeof url,
                   "postgresql://u:s%%33cret@127.0.0.1:%s/postgres?user=%s"
                   "&options=-c%%20datestyle%%3Ds3cret",
                   kit_value("SELECT inet_server_port()"), kit_value("SELECT user"));
    assert_fails((struct tide_pg_options){.url = url, .schema = "public"}, TIDE_E_CONFIG,
                 "\"DateStyle\": \"[redacted]\"");
}

static void the_options_beside_the_url_win(void **state)
{
    struct tide_pg_options options = kit_options();
    struct kit_source source;

    (void)state;
    kit_sql("CREATE TABLE anything (id int)");
    if (strcmp(kit_value("SELECT count(*) FROM pg_roles WHERE rolname = 'locked'"),
               "1")) {
        return;
    }
    kit_sql("GRANT SELECT ON anything TO locked");
    options.user = "locked";
    options.password = "right";
    kit_source_init(&source, "anything");
    source.options.connection = options;
    assert_int_equal(kit_source_open(&source), TIDE_OK);
    kit_source_close(&source);
}

/* A port on which nobody listens: one that was given to us, and back. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    close(listener);
    return ntohs(address.sin_port);
}

static void nobody_listening_is_transient(void **state)
{
    (void)state;
    assert_fails((struct tide_pg_options){.host = "127.0.0.1",
                                          .port = free_port(),
                                          .user = "u",
                                          .password = "s3cret",
                                          .database = "d",
                                          .schema = "public"},
                 TIDE_E_TRANSIENT, "database \"d\" on 127.0.0.1:");
}

static void a_server_that_never_answers_is_given_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct kit_source source;

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    kit_source_init(&source, "anything");
    source.options.connection = (struct tide_pg_options){.host = "127.0.0.1",
                                                         .port = ntohs(address.sin_port),
                                                         .schema = "public",
                                                         .connect_timeout = 1000};
    assert_int_equal(kit_source_open(&source), TIDE_E_TRANSIENT);
    assert_non_null(strstr(source.err.message, "connect_timeout"));
    kit_source_close(&source);
    close(listener);
}

static void a_malformed_url_is_not_repeated(void **state)
{
    static const char *const urls[] = {
        "postgresql://u:s3cret%zz@h/d", "s3cret", "host=h password='s3cret",
        "postgresql://u:s3cret@[::1/d", "postgresql://u:s3cret@h/d?nonsense=1"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_fails((struct tide_pg_options){.url = urls[i], .schema = "public"},
                     TIDE_E_CONFIG, "not a PostgreSQL URI");
    }
}

static void a_server_must_be_named(void **state)
{
    (void)state;
    assert_fails((struct tide_pg_options){.schema = "public"}, TIDE_E_CONFIG, "give url");
}

static void tls_that_the_server_has_not_is_a_config_error(void **state)
{
    struct tide_pg_options options = kit_options();

    (void)state;
    if (strcmp(kit_value("SHOW ssl"), "off") != 0) {
        return;
    }
    options.sslmode = "require";
    assert_fails(options, TIDE_E_CONFIG, "SSL");
    options.sslmode = "sometimes";
    assert_fails(options, TIDE_E_CONFIG, "sometimes");
}

static void the_session_says_who_it_is(void **state)
{
    struct kit_source source;

    (void)state;
    kit_source_init(&source, "anything");
    assert_int_equal(kit_source_open(&source), TIDE_OK);
    assert_string_equal(kit_value("SELECT count(*) > 0 FROM pg_stat_activity WHERE"
                                  " application_name = 'tidemill'"
                                  " AND datname = current_database()"),
                        "t");
    kit_source_close(&source);
}

/* ---- leaving it ------------------------------------------------------------------ */

static void cancel(struct kit_host *host)
{
    host->cancelled = true;
}

/* The request to cancel is connected, and never answered. */
static void a_server_that_does_not_take_a_cancel_is_left(void **state)
{
    const char *port = kit_value("SELECT inet_server_port()");
    struct kit_source source;
    struct tide_batch batch = {0};
    struct proxy *proxy;
    int64_t began;

    (void)state;
    if (!port[0]) {
        return; /* a server of someone else's */
    }
    kit_sql("CREATE VIEW endless AS SELECT 1 AS id, pg_sleep(3600)::text");
    proxy = proxy_start(strtoll(port, NULL, 10), PROXY_DEAF, 0);
    kit_source_init(&source, "endless");
    source.options.connection.host = "127.0.0.1";
    source.options.connection.port = proxy_port(proxy);
    source.options.connection.sslmode = "disable";
    kit_source_opens(&source);
    source.host.when_asked = cancel;
    began = tide_pg_clock_ms();
    (void)alarm(60);
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_E_CANCELLED);
    kit_source_close(&source);
    (void)alarm(0);
    assert_in_range(tide_pg_clock_ms() - began, 0, 10000);
    (void)proxy_stop(proxy);
    kit_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tidemill' AND datname = current_database()");
}

/* ---- a COPY ---------------------------------------------------------------------- */

static int copy_text(struct tide_pg *pg, const char *text, struct tide_error *err)
{
    int64_t rows = 0;
    int rc = tide_pg_copy_in(pg, "COPY copied FROM STDIN", err);

    pg->copying = "copied";
    if (rc == TIDE_OK) {
        rc = tide_pg_copy_put(pg, text, strlen(text), err);
    }
    return rc == TIDE_OK ? tide_pg_copy_finish(pg, &rows, err) : rc;
}

/* Later errors are not held against it, and its table's name may be gone. */
static void a_copy_that_has_ended_is_forgotten(void **state)
{
    struct tide_pg_options options = kit_options();
    struct tide_error err = {0};
    struct tide_pg *pg = NULL;
    struct kit_host host;

    (void)state;
    kit_sql("CREATE TABLE copied (id int)");
    kit_host_init(&host);
    assert_int_equal(tide_pg_open(&options, &host.host, &pg, &err), TIDE_OK);
    assert_int_equal(copy_text(pg, "1\n2\n", &err), TIDE_OK);
    assert_null(pg->copying);
    assert_int_equal(copy_text(pg, "1\nx\n", &err), TIDE_E_DATA);
    assert_null(pg->copying);
    assert_int_equal(pg->failed_line, 2);
    tide_pg_close(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_database_is_a_config_error),
        cmocka_unit_test(a_wrong_password_is_an_auth_error_that_does_not_show_it),
        cmocka_unit_test(a_password_in_a_url_is_never_shown),
        cmocka_unit_test(a_decoded_password_is_blanked_in_messages),
        cmocka_unit_test(the_options_beside_the_url_win),
        cmocka_unit_test(nobody_listening_is_transient),
        cmocka_unit_test(a_server_that_never_answers_is_given_up),
        cmocka_unit_test(a_malformed_url_is_not_repeated),
        cmocka_unit_test(a_server_must_be_named),
        cmocka_unit_test(tls_that_the_server_has_not_is_a_config_error),
        cmocka_unit_test(the_session_says_who_it_is),
        cmocka_unit_test(a_server_that_does_not_take_a_cancel_is_left),
        cmocka_unit_test(a_copy_that_has_ended_is_forgotten),
    };

    return KIT_RUN(tests);
}
