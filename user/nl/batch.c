// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl.h"

#define WORDS	64

/* Cut a line into words in place; -1 if they are too many. */
static int split(char *line, char **words)
{
	static const char blank[] = " \t\r\n";
	char *save, *word;
	int n = 0;

	line[strcspn(line, "#")] = '\0';
	for (word = strtok_r(line, blank, &save); word;
	     word = strtok_r(NULL, blank, &save)) {
		if (n == WORDS)
			return -1;
		words[n++] = word;
	}
	words[n] = NULL;
	return n;
}

int nl_batch(struct nl *nl, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *words[WORDS + 1];
	size_t room = 0, number = 0;
	char *line = NULL;
	int ret = DONE;
	int n;

	if (!file)
		return nl_fail("%s: %s", path, strerror(errno));

	while (ret == DONE && getline(&line, &room, file) >= 0) {
		number++;
		n = split(line, words);
		if (n < 0)
			ret = nl_fail("too many words");
		else if (n)
			ret = nl_main(nl, n, words);
		if (ret != DONE)
			ret = nl_fail("stopped at %s:%zu", path, number);
	}
	if (ret == DONE && ferror(file))
		ret = nl_fail("%s: %s", path, strerror(errno));

	free(line);
	if (file != stdin)
		fclose(file);
	return ret;
}
