/* describe_helper - stands for tidemill-worker --describe FILE and --check in the tests
 * of this folder. */
#include <string.h>

#include "plugin/describe.h"
#include "plugin/options.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--check") == 0) {
        return tide_options_try_main();
    }
    return argc == 3 && strcmp(argv[1], "--describe") == 0 ? tide_describe_main(argv[2])
                                                           : 2;
}
