/* Drafts one film by the C interface of RadGen.
 *
 *   cc -std=c99 draft.c -lradgen -o draft
 *   ./draft MODEL_FOLDER FILM [OUTPUT_FOLDER]
 */
#include <stdio.h>
#include <string.h>

#include "radgen/radgen.h"

int main(int argc, char** argv) {
  radgen_open_options options = RADGEN_OPEN_OPTIONS;
  radgen_model* model;
  radgen_report* report = NULL;
  int status;
  if (argc < 3) {
    fprintf(stderr, "usage: draft MODEL_FOLDER FILM [OUTPUT_FOLDER]\n");
    return RADGEN_USAGE;
  }
  if (radgen_api_version() != RADGEN_API_VERSION) {
    fprintf(stderr, "libradgen.so has interface %d, this program %d\n", radgen_api_version(),
            RADGEN_API_VERSION);
    return RADGEN_USAGE;
  }
  options.device = "cpu";
  model = radgen_open(argv[1], &options);
  if (model == NULL) {
    fprintf(stderr, "error: %s\n", radgen_last_error());
    return radgen_last_error_code();
  }
  status = radgen_draft(model, argv[2], NULL, &report);
  if (status == RADGEN_OK) {
    if (strcmp(radgen_report_status(report), "drafted") != 0)
      fprintf(stderr, "not drafted: %s\n", radgen_report_reason(report));
    fputs(radgen_report_text(report), stdout);
    if (argc > 3) status = radgen_report_write(report, argv[3]);
  }
  if (status != RADGEN_OK) fprintf(stderr, "error: %s\n", radgen_last_error());
  radgen_report_free(report);
  radgen_close(model);
  return status;
}
