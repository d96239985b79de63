#!/usr/bin/env python3
"""preprocess-radgen against the script that everybody writes: pydicom + OpenCV, one picture after the other.

Both read the same DICOM films, apply the VOI LUT or window, invert MONOCHROME1, bring the long side to --size by area
averaging and write 16-bit PNGs of the same compression level. What differs is said at the end: preprocess-radgen also
reads the reports, checks the pictures, hashes files and pixels and can be resumed.

    scripts/compare_prepare.py --films FOLDER_OF_DICOM --size 2048 --count 48 --threads 2

Needs python3-pydicom, python3-opencv and python3-numpy (Debian's, seen by /usr/bin/python3).
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import cv2
import numpy
import pydicom
from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut

REPORT = " FINDINGS: The heart size is normal. The lungs are clear. There is no pleural effusion.\n"


def readable(path):
    """pydicom can decode it (uncompressed, RLE): a comparison needs films that both can read."""
    try:
        return pydicom.dcmread(path).pixel_array.ndim == 2
    except Exception:  # pydicom raises a dozen kinds
        return False


def prepare_one(source, target, size, compression):
    dataset = pydicom.dcmread(source)
    picture = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset).astype(numpy.float64)
    low, high = picture.min(), picture.max()
    picture = (picture - low) / max(high - low, 1e-9)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        picture = 1 - picture
    picture = (picture * 65535).astype(numpy.uint16)
    scale = min(1.0, size / max(picture.shape))
    if scale < 1:
        width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    target.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(target), picture, [cv2.IMWRITE_PNG_COMPRESSION, compression])


def make_set(films, folder, count):
    """A folder in MIMIC-CXR's layout that holds the films again and again."""
    records, splits = ["subject_id,study_id,dicom_id,path"], ["dicom_id,study_id,subject_id,split"]
    paths = []
    for i in range(count):
        patient, study = f"1{i:07d}", f"5{i:07d}"
        relative = pathlib.Path("files", f"p{patient[:2]}", f"p{patient}", f"s{study}", f"film-{i}.dcm")
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(films[i % len(films)], path) if same_device(films[0], folder) else path.write_bytes(
            films[i % len(films)].read_bytes())
        (path.parent.parent / f"s{study}.txt").write_text(REPORT)
        records.append(f"{patient},{study},film-{i},{relative}")
        splits.append(f"film-{i},{study},{patient},train")
        paths.append(path)
    (folder / "cxr-record-list.csv").write_text("\n".join(records) + "\n")
    (folder / "mimic-cxr-2.0.0-split.csv").write_text("\n".join(splits) + "\n")
    return paths


def same_device(a, b):
    return os.stat(a).st_dev == os.stat(b).st_dev


def png_bytes(folder):
    return sum(p.stat().st_size for p in folder.rglob("*.png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=pathlib.Path, required=True, help="folder of DICOM films, searched below")
    parser.add_argument("--tool", default=str(pathlib.Path(__file__).parent.parent / "build/bin/preprocess-radgen"))
    parser.add_argument("--size", type=int, default=2048, help="long side in px")
    parser.add_argument("--count", type=int, default=48, help="pictures to prepare; films repeat")
    parser.add_argument("--threads", type=int, default=2, help="of preprocess-radgen; the script has one")
    parser.add_argument("--compression", type=int, default=1, help="PNG level of both")
    arguments = parser.parse_args()

    films = sorted(p for p in arguments.films.rglob("*.dcm") if readable(p))
    if not films:
        sys.exit(f"{arguments.films}: no DICOM film that pydicom can decode")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = make_set(films, folder / "set", arguments.count)

        start = time.perf_counter()
        for i, path in enumerate(paths):
            prepare_one(path, folder / "script" / f"{i}.png", arguments.size, arguments.compression)
        script_s = time.perf_counter() - start

        command = [arguments.tool, "--input", str(folder / "set"), "--output", str(folder / "tool"), "--json",
                   "--size", str(arguments.size), "--threads", str(arguments.threads), "--log-level", "error",
                   "--set", f"png_compression={arguments.compression}", "--set", "vocabulary_size=0",
                   "--set", "near_duplicate_bits=0", "--set", "reject_flags=[]"]
        result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        tool_s, made = result["picture_seconds"], result["prepared"]
        script_bytes, tool_bytes = png_bytes(folder / "script"), png_bytes(folder / "tool")

    print(f"films               {len(films)} different, {arguments.count} pictures at {arguments.size} px")
    print(f"pydicom + OpenCV    {arguments.count / script_s:7.2f} pictures/s, "
          f"{script_bytes / arguments.count / 1e6:.2f} MB each, 1 process")
    print(f"preprocess-radgen   {made / tool_s:7.2f} pictures/s, {tool_bytes / max(made, 1) / 1e6:.2f} MB each, "
          f"{arguments.threads} threads, {made} made")
    print(f"ratio               {made / tool_s / (arguments.count / script_s):7.2f} x the rate, "
          f"{tool_bytes / max(made, 1) / (script_bytes / arguments.count):.2f} x the size")


if __name__ == "__main__":
    main()
