/*
 * activity - which plugin's code runs now; see activity.h.
 */
#include "run/activity.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define WORDS (sizeof((struct tide_ledger *)NULL)->activity / sizeof(uint64_t))

_Static_assert(offsetof(struct tide_ledger, activity) % sizeof(uint64_t) == 0,
               "the activity is stored word by word");

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
#define CRASH_SIGNALS (sizeof crash_signals / sizeof *crash_signals)

static _Thread_local const char *current;
static struct tide_ledger *watched;
static bool crashed, says_crashes;
static struct sigaction before[CRASH_SIGNALS];

/* Word by word, so that a reader in another thread races with nobody. */
static void store_text(struct tide_ledger *ledger, const char *text)
{
    uint64_t words[WORDS] = {0};
    uint64_t *place = (uint64_t *)(void *)ledger->activity;
    size_t length = strnlen(text, sizeof words - 1);

    memcpy(words, text, length);
    for (size_t i = 0; i < WORDS; i++) {
        __atomic_store_n(&place[i], words[i], __ATOMIC_RELAXED);
    }
}

void tide_activity_beat(struct tide_ledger *ledger)
{
    __atomic_store_n(&ledger->heartbeat_us, tide_clock_now(), __ATOMIC_RELAXED);
}

void tide_activity_begin(struct tide_ledger *ledger, const char *text)
{
    current = text;
    if (__atomic_load_n(&crashed, __ATOMIC_RELAXED)) {
        return;
    }
    store_text(ledger, text);
    tide_activity_beat(ledger);
}

void tide_activity_end(void)
{
    current = NULL;
}

void tide_activity_last(const struct tide_ledger *ledger, char out[64])
{
    const uint64_t *place = (const uint64_t *)(const void *)ledger->activity;
    uint64_t words[WORDS] = {0};

    for (size_t i = 0; i < WORDS; i++) {
        words[i] = __atomic_load_n(&place[i], __ATOMIC_RELAXED);
    }
    memcpy(out, words, sizeof words);
    out[sizeof words - 1] = '\0';
}

/* Nothing can be done where it does not go out. */
static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        return;
    }
}

/* Runs on the thread that crashed; the others, which go on until the process ends, tell
 * of nothing from then on.  The signal waits until the handler is over and then meets
 * what was there before; raised again, for not every signal comes of an instruction that
 * would fail once more. */
static void on_crash(int number)
{
    __atomic_store_n(&crashed, true, __ATOMIC_RELAXED);
    store_text(watched, current ? current : "the engine");
    if (says_crashes) {
        say("tidemill: crashed in ");
        say(current ? current : "the engine");
        say("\n");
    }
    for (size_t i = 0; i < CRASH_SIGNALS; i++) {
        if (crash_signals[i] == number) {
            (void)sigaction(number, &before[i], NULL);
        }
    }
    (void)raise(number);
}

/* One that is there already, of a sanitizer, is its owner's to take away. */
void tide_activity_enter_thread(char spare[TIDE_CRASH_STACK])
{
    const stack_t stack = {.ss_sp = spare, .ss_size = TIDE_CRASH_STACK};
    stack_t present = {.ss_flags = 0};

    if (watched && sigaltstack(NULL, &present) == 0 && present.ss_flags & SS_DISABLE) {
        (void)sigaltstack(&stack, NULL);
    }
}

void tide_activity_watch_crashes(struct tide_ledger *ledger, bool says)
{
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

    watched = ledger;
    says_crashes = says;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CRASH_SIGNALS; i++) {
        (void)sigaction(crash_signals[i], &action, &before[i]);
    }
}
