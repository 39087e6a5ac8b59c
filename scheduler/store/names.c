/*
 * names - the words of the enums that the store keeps.
 */
#include "store/store.h"

const char *tide_trigger_name(int trigger)
{
    static const char *const names[] = {"schedule", "api", "cli", "backfill"};

    return trigger >= 0 && trigger <= TIDE_TRIGGER_BACKFILL ? names[trigger] : "unknown";
}

const char *tide_run_refusal_message(enum tide_run_refusal refusal)
{
    switch (refusal) {
    case TIDE_RUN_ACCEPTED:
        break;
    case TIDE_REFUSED_NO_PIPELINE:
        return "pipeline does not exist";
    case TIDE_REFUSED_NO_CURSOR:
        return "incremental requires an update time column";
    case TIDE_REFUSED_DISABLED:
        return "pipeline is disabled";
    case TIDE_REFUSED_IN_PROGRESS:
        return "pipeline is already in progress";
    case TIDE_REFUSED_INSPECTION:
        return "data warehouse is in inspection mode";
    case TIDE_REFUSED_MAINTENANCE:
        return "data warehouse is in maintenance mode";
    case TIDE_REFUSED_NO_REJECTS:
        return "run has no rejects left to replay";
    }
    return "";
}
