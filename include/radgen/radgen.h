/* The C interface of RadGen: a model folder is opened, a film drafted, and what came out freed.
 * Plain C99; no C++ type crosses it, so that any language that calls C can use it. It lives in
 * libradgen.so, whose only visible symbols these are.
 *
 *   radgen_model* model = radgen_open("model", NULL);
 *   radgen_report* report = NULL;
 *   if (model == NULL || radgen_draft(model, "film.dcm", NULL, &report) != RADGEN_OK)
 *     fprintf(stderr, "%s\n", radgen_last_error());
 *   else
 *     puts(radgen_report_text(report));
 *   radgen_report_free(report);
 *   radgen_close(model);
 *
 * docs/examples/ has this as a program in C and in Python (ctypes).
 *
 * Versions: RADGEN_API_VERSION is the number in the library's soname. Within it functions are only
 * added, and the option structs only grow at their end: struct_size tells the library which fields
 * the caller knows. Programs compiled against an older header of the same number keep working.
 *
 * Text is UTF-8 and ends in NUL. What a function returns as const char* belongs to the object it
 * was asked of (radgen_last_error(): to the thread) and is freed with it. A model may be used by
 * several threads; they draft one after the other. A report belongs to one thread at a time.
 * Nothing here throws or ends the process. The log goes to stderr, warnings and above.
 *
 * Research software, not for clinical use. A report is a draft made by AI. */
#ifndef RADGEN_RADGEN_H
#define RADGEN_RADGEN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RADGEN_EXPORT __attribute__((visibility("default")))
#else
#define RADGEN_EXPORT
#endif

#define RADGEN_API_VERSION 1

/* What a call came to; the numbers are the tools' exit codes. */
#define RADGEN_OK 0
#define RADGEN_INTERNAL 1 /* a defect of the library */
#define RADGEN_USAGE 2    /* the call is wrong: an option, a NULL, an output folder that exists */
#define RADGEN_DATA 3     /* a model folder or film that cannot be read */
#define RADGEN_RESOURCE 5 /* memory, disk, a device that is not there */

typedef struct radgen_model radgen_model;
typedef struct radgen_report radgen_report;

/* Zero in every field but struct_size is the default; RADGEN_OPEN_OPTIONS starts from it. */
typedef struct radgen_open_options {
  size_t struct_size;     /* sizeof(radgen_open_options) */
  const char* precision;  /* "fp32", "bf16", "int8", "int8-dynamic"; NULL: fp32 */
  const char* device;     /* "auto", "cpu", "cuda:N"; NULL: auto */
  const char* int8_films; /* film, or folder of films, by which "int8" chooses its scales */
  int threads;            /* of the whole process; 0: the cores that it is given */
} radgen_open_options;
#define RADGEN_OPEN_OPTIONS \
  { sizeof(radgen_open_options), 0, 0, 0, 0 }

typedef struct radgen_draft_options {
  size_t struct_size;        /* sizeof(radgen_draft_options) */
  const char* name;          /* of the film in what is written; NULL: the file's name */
  const char* indication;    /* for the prompt; NULL: none */
  const char* sex;           /* "M" or "F"; NULL: the header's */
  double age_years;          /* 0: the header's */
  int allow_synthetic_model; /* FHIR although the model's words mean nothing */
  int keep_unsupported;      /* unsupported statements stay in the impression */
  int allow_for_processing;  /* a detector's raw film is drafted, with a warning */
} radgen_draft_options;
#define RADGEN_DRAFT_OPTIONS \
  { sizeof(radgen_draft_options), 0, 0, 0, 0, 0, 0, 0 }

/* RADGEN_API_VERSION of the library that is loaded, and "0.1.0 (git ..., LibTorch ...)". */
RADGEN_EXPORT int radgen_api_version(void);
RADGEN_EXPORT const char* radgen_version(void);

/* What went wrong in this thread's last call, with what to do next behind it; "" when it went well.
 * No patient data. radgen_last_error_code(): the status of that call. */
RADGEN_EXPORT const char* radgen_last_error(void);
RADGEN_EXPORT int radgen_last_error_code(void);

/* Reads a model folder, as train-radgen writes it. options may be NULL. NULL: see
 * radgen_last_error(). */
RADGEN_EXPORT radgen_model* radgen_open(const char* folder, const radgen_open_options* options);
/* The model's card: what it was trained on, its version and hashes, as JSON. */
RADGEN_EXPORT const char* radgen_model_card(const radgen_model* model);
/* NULL is allowed. The model's reports stay valid. */
RADGEN_EXPORT void radgen_close(radgen_model* model);

/* Drafts one film: DICOM, PNG or JPEG, told by content. options may be NULL. On RADGEN_OK *report
 * is to be freed; a film that was read and is no frontal chest film of an adult is RADGEN_OK, with
 * the status "not_reportable". Else *report is NULL. */
RADGEN_EXPORT int radgen_draft(radgen_model* model, const char* film,
                               const radgen_draft_options* options, radgen_report** report);

/* "drafted" or "not_reportable". */
RADGEN_EXPORT const char* radgen_report_status(const radgen_report* report);
/* Why it is not reportable, a stable word ("lateral", "too_small", ...); "" for a draft. */
RADGEN_EXPORT const char* radgen_report_reason(const radgen_report* report);
/* The report in plain words: report.txt. */
RADGEN_EXPORT const char* radgen_report_text(const radgen_report* report);
/* Sentences, regions, scores, warnings, timing, model: prediction.json, without the files' names. */
RADGEN_EXPORT const char* radgen_report_json(const radgen_report* report);
/* Writes the folder that report-radgen writes (page, text, JSON, FHIR, maps, overlays), whole or
 * not at all. Refuses one that exists and is not empty. */
RADGEN_EXPORT int radgen_report_write(radgen_report* report, const char* folder);
/* NULL is allowed. */
RADGEN_EXPORT void radgen_report_free(radgen_report* report);

#ifdef __cplusplus
}
#endif

#endif /* RADGEN_RADGEN_H */
