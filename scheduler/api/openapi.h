/*
 * openapi - the text of etc/openapi.yaml, built in.
 */
#ifndef TIDE_API_OPENAPI_H
#define TIDE_API_OPENAPI_H

#include <stddef.h>

extern const unsigned char tide_openapi[];
extern const size_t tide_openapi_length;

#endif
