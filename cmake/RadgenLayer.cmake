# With RADGEN_ONLY there are these layers and tools alone.
set(RADGEN_ONLY_LAYERS_model core model)
set(RADGEN_ONLY_TOOLS_model bench-radgen)
set(RADGEN_ONLY_LAYERS_prepare core report imaging pages phantom data explore)
set(RADGEN_ONLY_TOOLS_prepare phantom-radgen preprocess-radgen explore-radgen label-radgen)
if(RADGEN_ONLY AND NOT DEFINED RADGEN_ONLY_LAYERS_${RADGEN_ONLY})
  message(FATAL_ERROR "RADGEN_ONLY=${RADGEN_ONLY} is unknown, expected model or prepare")
endif()

# radgen_layer(NAME [TORCH] USES layers... LINK [PRIVATE] targets...)
# One static library radgen::NAME from the .cpp files of src/NAME and its folders, headers in include/radgen/NAME/. Third-party targets behind
# PRIVATE are linked but their headers are for .cpp files only.
set(RADGEN_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
# GCC 12 and 13 warn wrongly inside std::string and std::vector (bugs 105329, 105762).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  list(APPEND RADGEN_WARNINGS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
endif()
if(RADGEN_WERROR)
  list(APPEND RADGEN_WARNINGS -Werror)
endif()
if(RADGEN_SANITIZE)
  add_compile_options(-fsanitize=${RADGEN_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RADGEN_SANITIZE})
endif()
if(RADGEN_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)  # libFuzzer sees which branches our own code takes
endif()

# The commit that is configured; empty outside a checkout. Only src/core/version.cpp sees it: nothing else is rebuilt.
find_package(Git QUIET)
if(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --short HEAD WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  OUTPUT_VARIABLE RADGEN_GIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/core/version.cpp PROPERTIES
                            COMPILE_DEFINITIONS "RADGEN_GIT=\"${RADGEN_GIT}\"")

# The headers of torch, nlohmann and GTest cost a file more than its own code does: with RADGEN_UNITY eight files share
# them. Names that a file keeps for itself then have to differ within a target, whichever files share a compilation:
# scripts/unity_names.py (scripts/lint.sh --check and the test unity_names) holds all files to it, so that adding one breaks
# no other. Files that have compile options of their own stay alone.
function(radgen_share_headers target)
  if(RADGEN_UNITY AND ARGC GREATER 2)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

function(radgen_layer name)
  cmake_parse_arguments(arg "TORCH" "" "USES;LINK" ${ARGN})
  # The include rule for tests/include_rules.cmake.
  string(CONCAT rule "list(APPEND RADGEN_LAYER_NAMES ${name})\n" "set(RADGEN_USES_${name} ${arg_USES})\n"
         "set(RADGEN_TORCH_${name} ${arg_TORCH})\n")
  set_property(GLOBAL APPEND_STRING PROPERTY RADGEN_RULES "${rule}")
  if(RADGEN_ONLY AND NOT name IN_LIST RADGEN_ONLY_LAYERS_${RADGEN_ONLY})
    return()
  endif()
  if(arg_TORCH)
    set_property(GLOBAL APPEND PROPERTY RADGEN_TORCH_LAYERS ${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp)
  if(RADGEN_ONLY STREQUAL "model")  # it needs Boost, and nothing of the network needs it
    list(FILTER sources EXCLUDE REGEX "/src/core/statistics\\.cpp$")
  endif()
  if(NOT sources)
    return()
  endif()
  add_library(radgen_${name} STATIC ${sources})
  add_library(radgen::${name} ALIAS radgen_${name})
  set_target_properties(radgen_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(radgen_${name} PUBLIC cxx_std_20)
  target_compile_options(radgen_${name} PRIVATE ${RADGEN_WARNINGS})
  target_include_directories(radgen_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_compile_definitions(radgen_${name} PRIVATE RADGEN_VERSION="${PROJECT_VERSION}"
    RADGEN_TORCH_VERSION="${Torch_VERSION}" RADGEN_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  foreach(layer ${arg_USES})
    if(TARGET radgen_${layer})
      target_link_libraries(radgen_${name} PUBLIC radgen::${layer})
    endif()
  endforeach()
  set(visibility PUBLIC)
  foreach(item ${arg_LINK})
    if(item STREQUAL "PRIVATE")
      set(visibility PRIVATE)
    else()
      target_link_libraries(radgen_${name} ${visibility} ${item})
    endif()
  endforeach()
  if(arg_TORCH)
    target_link_libraries(radgen_${name} PUBLIC radgen::torch)
    radgen_use_torch_pch(radgen_${name})
    radgen_leave_out_pch(${sources})
  endif()
  radgen_share_headers(radgen_${name} ${sources})
  set_property(GLOBAL APPEND PROPERTY RADGEN_LAYERS ${name})
endfunction()

# radgen_shared_library(LAYER): libradgen.so with the functions of include/radgen/radgen.h; nothing else of it, of the
# other layers or of the static libraries in them can be seen (cmake/libradgen.map). Its soname is RADGEN_API_VERSION.
function(radgen_shared_library layer)
  if(NOT TARGET radgen_${layer})
    return()
  endif()
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/include/radgen/radgen.h line REGEX "^#define RADGEN_API_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" api_version "${line}")
  add_library(radgen_shared SHARED $<TARGET_OBJECTS:radgen_${layer}>)
  set_target_properties(radgen_shared PROPERTIES OUTPUT_NAME radgen EXPORT_NAME shared
    VERSION ${api_version}.${PROJECT_VERSION} SOVERSION ${api_version}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LINKER_LANGUAGE CXX
    LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/libradgen.map)
  target_link_libraries(radgen_shared PRIVATE radgen_${layer})
  target_link_options(radgen_shared PRIVATE -Wl,--no-undefined
    -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/cmake/libradgen.map)
endfunction()

# radgen_embed(LAYER FILE VARIABLE): a text file of data/ as `extern const char* const radgen::VARIABLE` in the layer, so
# that programs need no data folder at run time.
function(radgen_embed layer file variable)
  if(NOT TARGET radgen_${layer})
    return()
  endif()
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${file} radgen_text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set(source ${CMAKE_BINARY_DIR}/embedded/${variable}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// From @file@.\nnamespace radgen {\nextern const char* const @variable@;\nconst char* const @variable@ = R\"embedded(@radgen_text@)embedded\";\n}  // namespace radgen\n")
  target_sources(radgen_${layer} PRIVATE ${source})
endfunction()

# One precompiled torch header for the whole build (30 s and 700 MB, once); all users share its flags.
function(radgen_use_torch_pch target)
  if(NOT TARGET radgen_torch_pch)
    file(WRITE ${CMAKE_BINARY_DIR}/torch_pch.cpp "// holds the precompiled torch header\n")
    add_library(radgen_torch_pch STATIC ${CMAKE_BINARY_DIR}/torch_pch.cpp)
    target_link_libraries(radgen_torch_pch PUBLIC radgen::torch PRIVATE nlohmann_json::nlohmann_json)
    target_compile_options(radgen_torch_pch PRIVATE ${RADGEN_WARNINGS})
    target_precompile_headers(radgen_torch_pch PRIVATE <torch/torch.h> <nlohmann/json.hpp>)
  endif()
  target_precompile_headers(${target} REUSE_FROM radgen_torch_pch)
  target_link_libraries(${target} PUBLIC radgen::torch)
endfunction()

# A file that includes nothing of torch is compiled without the precompiled header, whose 700 MB take seconds to map. The
# headers named here bring torch; a file that gets it in another way is compiled right, only slower.
function(radgen_leave_out_pch)
  if(RADGEN_UNITY AND ARGC GREATER 1)
    return()  # they are compiled with others that need it
  endif()
  foreach(source ${ARGN})
    file(STRINGS ${source} lines
         REGEX "^#include .*(torch/|ATen/|(batches|model|inference|assessment|training)/|int8_|weight_maps|logistic_fit)")
    if(NOT lines)
      set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()

# tools/<verb>_radgen.cpp -> bin/<verb>-radgen. Tools may use every layer; those that name a torch layer get the
# precompiled header. A tools/<verb>_*.cpp beside it is a part of the tool. With RADGEN_ONLY=model bench-radgen is built
# without its parts, which may need any layer.
function(radgen_tools)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tools/*_radgen.cpp)
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    string(REPLACE "_" "-" name ${stem})
    if(RADGEN_ONLY AND NOT name IN_LIST RADGEN_ONLY_TOOLS_${RADGEN_ONLY})
      continue()
    endif()
    if(RADGEN_ONLY STREQUAL "model")
      set(parts)
    else()
      string(REPLACE "_radgen" "_" verb ${stem})
      file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tools/${verb}*.cpp)
      list(REMOVE_ITEM parts ${source})
    endif()
    add_executable(${name} ${source} ${parts})
    target_compile_options(${name} PRIVATE ${RADGEN_WARNINGS})
    if(RADGEN_ONLY STREQUAL "model")
      target_compile_definitions(${name} PRIVATE RADGEN_MODEL_ONLY)
    endif()
    radgen_link_by_include(${name} ${source} ${parts})
    radgen_share_headers(${name} ${source} ${parts})
    set_property(GLOBAL APPEND PROPERTY RADGEN_TOOLS ${name})
  endforeach()
  if(NOT RADGEN_ONLY)
    radgen_film_reader(radgen-film-reader ${CMAKE_CURRENT_SOURCE_DIR}/tools/film_reader.cpp)
    if(TARGET report-radgen)
      add_dependencies(report-radgen radgen-film-reader)
    endif()
  endif()
endfunction()

# The program that decodes films without rights for others, which find it beside themselves (imaging/film_sandbox.h); also
# the tests' hostile ones.
function(radgen_film_reader name source)
  add_executable(${name} ${source})
  target_compile_options(${name} PRIVATE ${RADGEN_WARNINGS})
  radgen_link_by_include(${name} ${source})
endfunction()

# Links the layers whose headers the sources include: what a file says it uses is what it gets.
function(radgen_link_by_include target)
  set(layers)
  foreach(source ${ARGN})
    file(STRINGS ${source} lines REGEX "^#include \"radgen/[a-z]+/")
    foreach(line ${lines})
      string(REGEX REPLACE "^#include \"radgen/([a-z]+)/.*" "\\1" layer "${line}")
      list(APPEND layers ${layer})
    endforeach()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  endforeach()
  list(REMOVE_DUPLICATES layers)
  get_property(torch_layers GLOBAL PROPERTY RADGEN_TORCH_LAYERS)
  foreach(layer ${layers})
    if(TARGET radgen_${layer})
      target_link_libraries(${target} PRIVATE radgen::${layer})
      if(layer IN_LIST torch_layers)
        set(uses_torch TRUE)
      endif()
    endif()
  endforeach()
  if(uses_torch)
    target_precompile_headers(${target} REUSE_FROM radgen_torch_pch)
    radgen_leave_out_pch(${ARGN})
    target_link_libraries(${target} PRIVATE radgen::torch)
    # A program is compiled with -fPIE by default, and GCC then leaves the precompiled header (-fPIC) aside.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()

# The attention kernel's files, each for one kind of CPU; what the compiler does not know is compiled as an empty choice.
function(radgen_attention_kernels)
  include(CheckCXXCompilerFlag)
  set(avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma)
  set(avx2 -mavx2 -mfma)
  set(plain "")
  foreach(kind avx512 avx2 plain)
    if(${kind})
      string(REPLACE ";" " " flags "${${kind}}")
      check_cxx_compiler_flag("${flags}" RADGEN_COMPILER_HAS_${kind})
      if(NOT RADGEN_COMPILER_HAS_${kind})
        set(${kind})
      endif()
    endif()
    # The panels' loops need -O3 and fused multiplication also in a build for debugging.
    # GCC warns wrongly inside its own AVX-512 intrinsics (bug 105593).
    set_source_files_properties(src/model/attention_kernel_${kind}.cpp PROPERTIES
      COMPILE_OPTIONS "-O3;-ffp-contract=fast;-Wno-maybe-uninitialized;-Wno-uninitialized;${${kind}}" SKIP_PRECOMPILE_HEADERS ON)
  endforeach()
endfunction()
