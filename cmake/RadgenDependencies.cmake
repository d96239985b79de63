# Third-party packages, each wrapped in one imported target radgen::<name> with its headers as SYSTEM. The build and the
# installed package (radgenConfig.cmake) both include this file, so what is found here is found again there.
#
#   RADGEN_WITHOUT_TORCH   ON: leave out what only the layers on LibTorch need (set by radgenConfig.cmake)
#   RADGEN_DEPS_DIR        where sentencepiece's static libraries are
#   RADGEN_ONLY            model: neither OpenCV, DCMTK, OpenJPEG, libpng, libjpeg, zlib, libdeflate, utf8proc, pugixml,
#                          libstemmer, Boost, libseccomp nor sentencepiece are looked for, and OpenSSL may be missing (sha256_hex() and sha256_file() then
#                          refuse, as CsvReader does packed tables); prepare: no LibTorch is
#   RADGEN_HEADERS_DIR     a folder with nlohmann/, CLI/, spdlog/ and fmt/: they are taken from there, header-only
if(RADGEN_ONLY STREQUAL "prepare")
  set(RADGEN_WITHOUT_TORCH ON)
endif()
find_package(Threads REQUIRED)
if(RADGEN_HEADERS_DIR)
  foreach(target nlohmann_json::nlohmann_json spdlog::spdlog CLI11::CLI11)
    if(NOT TARGET ${target})
      add_library(${target} INTERFACE IMPORTED)
      target_include_directories(${target} SYSTEM INTERFACE ${RADGEN_HEADERS_DIR})
      target_compile_definitions(${target} INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
    endif()
  endforeach()
else()
  find_package(nlohmann_json 3.10 REQUIRED)
  find_package(spdlog REQUIRED)
  find_package(CLI11 REQUIRED)
endif()
if(RADGEN_ONLY STREQUAL "model")
  find_package(OpenSSL COMPONENTS Crypto)
else()
  find_package(OpenSSL REQUIRED COMPONENTS Crypto)
  find_package(ZLIB REQUIRED)
  find_package(PNG REQUIRED)
  find_package(JPEG REQUIRED)
  find_package(OpenCV REQUIRED COMPONENTS core imgproc)
  find_package(DCMTK REQUIRED)
  find_package(Boost 1.74 REQUIRED)  # Boost.Math's headers: core/statistics.cpp
  find_package(pugixml REQUIRED)
endif()
if(NOT RADGEN_WITHOUT_TORCH)
  find_package(Torch REQUIRED)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
endif()
if(NOT RADGEN_ONLY STREQUAL "model")
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(OPENJPEG REQUIRED libopenjp2)
  pkg_check_modules(LIBDEFLATE REQUIRED libdeflate)
  pkg_check_modules(UTF8PROC REQUIRED libutf8proc)
  find_path(STEMMER_INCLUDE_DIR libstemmer.h REQUIRED)
  find_library(STEMMER_LIBRARY stemmer REQUIRED)
  pkg_check_modules(SECCOMP REQUIRED libseccomp)
endif()

function(radgen_wrap name)
  cmake_parse_arguments(arg "" "" "INCLUDE;LINK;OPTIONS" ${ARGN})
  if(TARGET radgen::${name})  # found twice in one project
    return()
  endif()
  add_library(radgen::${name} INTERFACE IMPORTED)
  target_include_directories(radgen::${name} SYSTEM INTERFACE ${arg_INCLUDE})
  target_link_libraries(radgen::${name} INTERFACE ${arg_LINK})
  target_compile_options(radgen::${name} INTERFACE ${arg_OPTIONS})
endfunction()

if(TARGET OpenSSL::Crypto)
  radgen_wrap(crypto LINK OpenSSL::Crypto)
else()
  radgen_wrap(crypto OPTIONS -DRADGEN_WITHOUT_CRYPTO)
endif()
if(TARGET ZLIB::ZLIB)
  radgen_wrap(zlib LINK ZLIB::ZLIB)
else()
  radgen_wrap(zlib OPTIONS -DRADGEN_WITHOUT_ZLIB)
endif()
if(TARGET Boost::headers)
  radgen_wrap(boost LINK Boost::headers)
else()
  radgen_wrap(boost)  # RADGEN_ONLY=model: the file that needs it is left out (RadgenLayer.cmake)
endif()
if(NOT RADGEN_ONLY STREQUAL "model")
  radgen_wrap(opencv INCLUDE ${OpenCV_INCLUDE_DIRS} LINK opencv_core opencv_imgproc)
  radgen_wrap(dcmtk INCLUDE ${DCMTK_INCLUDE_DIRS} LINK ${DCMTK_LIBRARIES} ZLIB::ZLIB)
  radgen_wrap(png LINK PNG::PNG)
  radgen_wrap(jpeg LINK JPEG::JPEG)
  radgen_wrap(openjpeg INCLUDE ${OPENJPEG_INCLUDE_DIRS} LINK ${OPENJPEG_LINK_LIBRARIES})
  radgen_wrap(pugixml LINK pugixml::pugixml)
  radgen_wrap(stemmer INCLUDE ${STEMMER_INCLUDE_DIR} LINK ${STEMMER_LIBRARY})
  radgen_wrap(utf8proc INCLUDE ${UTF8PROC_INCLUDE_DIRS} LINK ${UTF8PROC_LINK_LIBRARIES})
  radgen_wrap(seccomp INCLUDE ${SECCOMP_INCLUDE_DIRS} LINK ${SECCOMP_LINK_LIBRARIES})
  radgen_wrap(libdeflate INCLUDE ${LIBDEFLATE_INCLUDE_DIRS} LINK ${LIBDEFLATE_LINK_LIBRARIES})
endif()

# LibTorch. Flags of TORCH_CXX_FLAGS (the ABI switch) apply to every file, or symbols would not match. Its parallel_for is a
# header template: without the OpenMP flag it runs on one thread.
if(NOT RADGEN_WITHOUT_TORCH)
  separate_arguments(radgen_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS} ${OpenMP_CXX_FLAGS}")
  radgen_wrap(torch INCLUDE ${TORCH_INCLUDE_DIRS} LINK ${TORCH_LIBRARIES} ${OpenMP_CXX_LIBRARIES} OPTIONS ${radgen_torch_flags})
endif()

if(RADGEN_ONLY STREQUAL "model")
  return()
endif()

# sentencepiece: the static library with hidden symbols that scripts/setup.sh makes where the distribution's shared one
# carries a protobuf of its own and cannot live in a process with LibTorch (Debian 12), else the distribution's.
if(NOT DEFINED RADGEN_DEPS_DIR)
  set(RADGEN_DEPS_DIR ${CMAKE_CURRENT_SOURCE_DIR}/.deps CACHE PATH "Where scripts/setup.sh put sentencepiece")
endif()
find_library(SENTENCEPIECE_LIBRARY libsentencepiece.a PATHS ${RADGEN_DEPS_DIR}/sentencepiece/lib NO_DEFAULT_PATH)
find_library(SENTENCEPIECE_TRAIN_LIBRARY libsentencepiece_train.a PATHS ${RADGEN_DEPS_DIR}/sentencepiece/lib NO_DEFAULT_PATH)
set(radgen_sentencepiece_include ${RADGEN_DEPS_DIR}/sentencepiece/include)
if(NOT SENTENCEPIECE_LIBRARY OR NOT SENTENCEPIECE_TRAIN_LIBRARY)
  find_library(RADGEN_SYSTEM_SENTENCEPIECE sentencepiece)
  find_library(RADGEN_SYSTEM_SENTENCEPIECE_TRAIN sentencepiece_train)
  find_path(RADGEN_SYSTEM_SENTENCEPIECE_INCLUDE sentencepiece_trainer.h)
  if(NOT RADGEN_SYSTEM_SENTENCEPIECE OR NOT RADGEN_SYSTEM_SENTENCEPIECE_TRAIN OR NOT RADGEN_SYSTEM_SENTENCEPIECE_INCLUDE)
    message(FATAL_ERROR "sentencepiece is not in ${RADGEN_DEPS_DIR} and not on the system: run scripts/setup.sh first")
  endif()
  # The clash shows before main(): two protobufs that register the same files.
  if(NOT RADGEN_WITHOUT_TORCH AND NOT DEFINED RADGEN_SENTENCEPIECE_RUNS)
    file(WRITE ${CMAKE_BINARY_DIR}/sentencepiece_beside_torch.cpp "#include <sentencepiece_processor.h>\n\
int main() { return sentencepiece::SentencePieceProcessor().GetPieceSize(); }\n")
    try_run(RADGEN_SENTENCEPIECE_RUNS RADGEN_SENTENCEPIECE_COMPILES ${CMAKE_BINARY_DIR}
            ${CMAKE_BINARY_DIR}/sentencepiece_beside_torch.cpp
            CMAKE_FLAGS -DINCLUDE_DIRECTORIES=${RADGEN_SYSTEM_SENTENCEPIECE_INCLUDE}
            LINK_OPTIONS -Wl,--no-as-needed
            LINK_LIBRARIES ${RADGEN_SYSTEM_SENTENCEPIECE} ${TORCH_LIBRARIES}
            RUN_OUTPUT_VARIABLE radgen_said COMPILE_OUTPUT_VARIABLE radgen_compiler_said)
    if(NOT RADGEN_SENTENCEPIECE_COMPILES OR NOT RADGEN_SENTENCEPIECE_RUNS STREQUAL "0")
      set(radgen_result "${RADGEN_SENTENCEPIECE_RUNS}")
      unset(RADGEN_SENTENCEPIECE_RUNS CACHE)
      message(FATAL_ERROR "the system's sentencepiece does not run beside LibTorch (${radgen_result}): run scripts/setup.sh\n"
                          "${radgen_compiler_said}${radgen_said}")
    endif()
  endif()
  set(SENTENCEPIECE_LIBRARY ${RADGEN_SYSTEM_SENTENCEPIECE})
  set(SENTENCEPIECE_TRAIN_LIBRARY ${RADGEN_SYSTEM_SENTENCEPIECE_TRAIN})
  set(radgen_sentencepiece_include ${RADGEN_SYSTEM_SENTENCEPIECE_INCLUDE})
endif()
radgen_wrap(sentencepiece INCLUDE ${radgen_sentencepiece_include}
            LINK ${SENTENCEPIECE_TRAIN_LIBRARY} ${SENTENCEPIECE_LIBRARY} Threads::Threads)
# For the programs of this directory and below; a static library cannot carry the option to its users.
add_link_options(-Wl,--exclude-libs,libsentencepiece.a:libsentencepiece_train.a)
