# Checks every #include of the project's own headers against the radgen_layer() calls of CMakeLists.txt, the only place
# where the rule is written. ctest runs it as
#   cmake -DSOURCE_DIR=<project> -DRULES=<build>/layers.cmake -P tests/include_rules.cmake
# A layer may include its own headers and those of the layers in its USES; torch only when it says TORCH; the private
# headers of src/<layer>/ only itself.
cmake_policy(VERSION 3.20)
include(${RULES})
set(violations "")
set(checked 0)

function(complain file line text)
  file(RELATIVE_PATH name ${SOURCE_DIR} ${file})
  set(violations "${violations}\n  ${name}: ${line}\n    ${text}" PARENT_SCOPE)
endfunction()

foreach(layer ${RADGEN_LAYER_NAMES})
  file(GLOB_RECURSE files ${SOURCE_DIR}/include/radgen/${layer}/*.h ${SOURCE_DIR}/src/${layer}/*.h
       ${SOURCE_DIR}/src/${layer}/*.cpp)
  foreach(file ${files})
    math(EXPR checked "${checked} + 1")
    file(STRINGS ${file} lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line IN LISTS lines)
      if(line MATCHES "\"radgen/([a-z_]+)/")
        if(NOT CMAKE_MATCH_1 IN_LIST RADGEN_USES_${layer} AND NOT CMAKE_MATCH_1 STREQUAL layer)
          complain(${file} "${line}" "layer '${layer}' may use: ${RADGEN_USES_${layer}}")
        endif()
      elseif(line MATCHES "[<\"](torch|ATen|c10|caffe2)/")
        if(NOT RADGEN_TORCH_${layer})
          complain(${file} "${line}" "layer '${layer}' is not a TORCH layer")
        endif()
      elseif(line MATCHES "\"([a-z_]+)/" AND CMAKE_MATCH_1 IN_LIST RADGEN_LAYER_NAMES)
        if(NOT CMAKE_MATCH_1 STREQUAL layer)
          complain(${file} "${line}" "headers in src/${CMAKE_MATCH_1}/ are private to that layer")
        endif()
      endif()
    endforeach()
  endforeach()
endforeach()

if(checked EQUAL 0)
  message(FATAL_ERROR "no source file found below ${SOURCE_DIR}")
endif()
if(violations)
  message(FATAL_ERROR "include rules broken:${violations}")
endif()
message(STATUS "${checked} files keep the include rules")
