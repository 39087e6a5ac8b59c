/* describe_helper - stands for tidemill-worker --describe FILE in the catalog's test. */
#include <string.h>

#include "plugin/describe.h"

int main(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "--describe") == 0 ? tide_describe_main(argv[2])
                                                           : 2;
}
