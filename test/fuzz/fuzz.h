/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers share: properties, a count, copies. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A property of the code under test; where it does not hold is a finding. */
#define require(holds) do {						\
	if (!(holds)) {							\
		fprintf(stderr, "%s:%d: does not hold: %s\n",		\
			__FILE__, __LINE__, #holds);			\
		abort();						\
	}								\
} while (0)

/* What libFuzzer calls, and what it offers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Inputs that were answered: the properties said something of them. */
static unsigned long answered;

static void print_answered(void)
{
	fprintf(stderr, "answered %lu\n", answered);
}

static void count_answered(void)
{
	if (!answered++)
		atexit(print_answered);
}

/* FNV-1a: where to cut an input, the same each time it is run. */
static inline uint32_t hash(const uint8_t *data, size_t size)
{
	uint32_t h = 2166136261u;

	while (size--)
		h = (h ^ *data++) * 16777619;
	return h;
}

/* Take @len bytes off the front of an input; false if there are not that many. */
static inline bool take(void *head, size_t len, const uint8_t **data, size_t *size)
{
	if (*size < len)
		return false;
	memcpy(head, *data, len);
	*data += len;
	*size -= len;
	return true;
}

/* The first @size bytes, on the heap for ASan to guard their end. */
static void *copy_of(const void *data, size_t size)
{
	return memcpy(malloc(size ?: 1), data, size);
}

#endif
