#!/usr/bin/env python3
"""Drafts one film from Python: the C interface of RadGen by ctypes, nothing to install.

    python3 draft.py MODEL_FOLDER FILM [LIBRARY]     # LIBRARY: libradgen.so.1, where the loader does not find it
"""
import ctypes
import json
import sys


class DraftOptions(ctypes.Structure):  # radgen_draft_options of radgen/radgen.h
    _fields_ = [("struct_size", ctypes.c_size_t), ("name", ctypes.c_char_p), ("indication", ctypes.c_char_p),
                ("sex", ctypes.c_char_p), ("age_years", ctypes.c_double), ("allow_synthetic_model", ctypes.c_int),
                ("keep_unsupported", ctypes.c_int), ("allow_for_processing", ctypes.c_int)]


def load(path="libradgen.so.1"):
    library = ctypes.CDLL(path)
    library.radgen_open.restype = ctypes.c_void_p
    library.radgen_open.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    library.radgen_draft.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(DraftOptions),
                                     ctypes.POINTER(ctypes.c_void_p)]
    for name in ("radgen_last_error", "radgen_report_json", "radgen_report_text"):
        getattr(library, name).restype = ctypes.c_char_p
    for name in ("radgen_report_json", "radgen_report_text", "radgen_report_free", "radgen_close"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    return library


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    library = load(*sys.argv[3:4])
    model = library.radgen_open(sys.argv[1].encode(), None)
    if not model:
        sys.exit("error: " + library.radgen_last_error().decode())
    options = DraftOptions(struct_size=ctypes.sizeof(DraftOptions), name=b"film")
    report = ctypes.c_void_p()
    if library.radgen_draft(model, sys.argv[2].encode(), ctypes.byref(options), ctypes.byref(report)) != 0:
        sys.exit("error: " + library.radgen_last_error().decode())
    draft = json.loads(library.radgen_report_json(report))
    print(draft["status"], draft.get("reason", ""))
    for sentence in draft["sentences"]:
        print(f"{sentence['text']}  {len(sentence['boxes'])} regions")
    library.radgen_report_free(report)
    library.radgen_close(model)


if __name__ == "__main__":
    main()
